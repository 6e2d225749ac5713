"""When therapists work, when children can, and what is booked. Times of day are minutes."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.fields.generated import GeneratedField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PERSON, Child, Therapist

DAY = 24 * 60
# The room of a session: people may come this long before the start, and still after the end.
OPENS_BEFORE = timedelta(minutes=15)
CLOSES_AFTER = timedelta(minutes=60)


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


# A plain list to migrations, which must not import this module.
default_session_minutes: Callable[[], list[int]] = partial(list, (50, 25))


class BookingRules(models.Model):
    """One therapist's rules for what may be booked."""

    therapist = models.OneToOneField(
        Therapist, on_delete=models.CASCADE, primary_key=True, related_name="booking_rules"
    )
    session_minutes = ArrayField(
        models.PositiveSmallIntegerField(), default=default_session_minutes
    )
    buffer_before = models.PositiveSmallIntegerField(default=0)
    buffer_after = models.PositiveSmallIntegerField(default=10)
    min_notice_minutes = models.PositiveIntegerField(default=12 * 60)
    horizon_days = models.PositiveSmallIntegerField(default=42)
    daily_max = models.PositiveSmallIntegerField(default=6)

    def __str__(self) -> str:
        return f"rules of {self.therapist_id}"


class WeeklyHours(models.Model):
    """A window that returns each week, in the therapist's zone; the end may pass midnight."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    therapist = models.ForeignKey(Therapist, on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()  # above 1440: on the next day

    class Meta:
        ordering = ["weekday", "start_minute"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_minute__lt=DAY, end_minute__gt=F("start_minute"))
                & Q(end_minute__lte=F("start_minute") + DAY),
                name="weekly_hours_make_sense",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.start_minute}-{self.end_minute}"


class DateOverride(models.Model):
    """Replaces one date's weekly hours; no windows means closed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    therapist = models.ForeignKey(Therapist, on_delete=models.CASCADE, related_name="overrides")
    date = models.DateField()
    windows = models.JSONField(default=list)  # [[start_minute, end_minute], ...]

    class Meta:
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["therapist", "date"], name="override_one_per_date"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.windows}"


class DatedPeriod(models.Model):
    """Whole dates in the therapist's zone, both ends included."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        abstract = True
        ordering = ["starts_on"]


class TimeOff(DatedPeriod):
    therapist = models.ForeignKey(Therapist, on_delete=models.CASCADE, related_name="time_off")

    class Meta(DatedPeriod.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="time_off_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on}..{self.ends_on}"


class TravelZone(DatedPeriod):
    """For a period the therapist's hours are read in another zone."""

    therapist = models.ForeignKey(Therapist, on_delete=models.CASCADE, related_name="travel")
    time_zone = models.CharField(max_length=64)

    class Meta(DatedPeriod.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="travel_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.time_zone} {self.starts_on}..{self.ends_on}"


class ChildRhythm(models.Model):
    """What a booking must leave alone in a child's week."""

    child = models.OneToOneField(
        Child, on_delete=models.CASCADE, primary_key=True, related_name="rhythm"
    )
    rest_after_minutes = models.PositiveSmallIntegerField(default=30)

    def __str__(self) -> str:
        return f"rhythm of {self.child_id}"


class ChildHours(models.Model):
    """School or rest, each week, in the child's own zone."""

    class Kind(models.TextChoices):
        SCHOOL = "school", _("School")
        REST = "rest", _("Rest")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="busy_hours")
    kind = models.CharField(max_length=6, choices=Kind)
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["weekday", "start_minute"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_minute__lt=DAY, end_minute__gt=F("start_minute"))
                & Q(end_minute__lte=F("start_minute") + DAY),
                name="child_hours_make_sense",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.weekday} {self.start_minute}-{self.end_minute}"


class State(models.TextChoices):
    HELD = "held", _("Held for you")
    BOOKED = "booked", _("Booked")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Let go")


BLOCKING = (State.HELD, State.BOOKED)


class CancelReason(models.TextChoices):
    """Why a session does not happen. A flare is a reason, never a fault."""

    FLARE = "flare", _("A flare or a hard pain day")
    ILL = "ill", _("Not well")
    SCHOOL = "school", _("School or an exam")
    HOSPITAL = "hospital", _("A hospital visit")
    FAMILY = "family", _("Something at home")
    NOT_NOW = "not_now", _("Not right now")
    OTHER = "other", _("Something else")
    CLINIC = "clinic", _("The clinic had to cancel")


class Outcome(models.TextChoices):
    COMPLETED = "completed", _("Completed")
    NO_SHOW = "no_show", _("Nobody came")
    CANCELLED = "cancelled", _("Cancelled")
    FLARE = "flare", _("Flare")
    TECHNICAL = "technical", _("Technical problem")


class WhoJoins(models.TextChoices):
    CHILD = "child", _("The child")
    TOGETHER = "together", _("The child with an adult beside them")
    TWO_PLACES = "two_places", _("The child and an adult from another place")


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def blocking(self) -> "AppointmentQuerySet":
        return self.filter(state__in=BLOCKING)

    def booked(self) -> "AppointmentQuerySet":
        return self.filter(state=State.BOOKED)

    def upcoming(self, now: datetime | None = None) -> "AppointmentQuerySet":
        return self.booked().filter(ends_at__gt=now or timezone.now()).order_by("starts_at")

    def past(self) -> "AppointmentQuerySet":
        return self.booked().filter(ends_at__lte=timezone.now()).order_by("-starts_at")


class Appointment(models.Model):
    """One meeting of a child and a therapist. Overlap is impossible for either of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="appointments")
    therapist = models.ForeignKey(Therapist, on_delete=models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    span: GeneratedField = GeneratedField(
        expression=Func(F("starts_at"), F("ends_at"), function="tstzrange"),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )
    state = models.CharField(max_length=9, choices=State, default=State.HELD)
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    who_joins = models.CharField(max_length=10, choices=WhoJoins, default=WhoJoins.CHILD)
    booked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    # Rises with every change a calendar must hear of (RFC 5545 SEQUENCE).
    sequence = models.PositiveIntegerField(default=0)
    cancel_reason = models.CharField(max_length=8, choices=CancelReason, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    late_cancel = models.BooleanField(default=False)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    # A person's outcome stands; the derived one never overwrites it.
    outcome_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["therapist", "starts_at"], name="appointment_therapist_day"),
            models.Index(fields=["child", "starts_at"], name="appointment_child_day"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state=State.HELD, hold_expires_at__isnull=False) | ~Q(state=State.HELD),
                name="appointment_hold_has_an_end",
            ),
            ExclusionConstraint(
                name="appointment_therapist_once",
                expressions=[
                    ("therapist", RangeOperators.EQUAL),
                    ("span", RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=BLOCKING),
            ),
            ExclusionConstraint(
                name="appointment_child_once",
                expressions=[("child", RangeOperators.EQUAL), ("span", RangeOperators.OVERLAPS)],
                condition=Q(state__in=BLOCKING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.starts_at:%Y-%m-%d %H:%M}Z"


class CalendarFeed(models.Model):
    """One person's secret calendar address. Only a hash of the token is kept."""

    user = models.OneToOneField(
        PERSON, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"feed of {self.user_id}"


class ReminderChoice(models.Model):
    """How long before a session one person wants to be reminded, in minutes."""

    user = models.OneToOneField(
        PERSON, on_delete=models.CASCADE, primary_key=True, related_name="reminder_choice"
    )
    offsets = ArrayField(models.PositiveIntegerField(), default=list)

    def __str__(self) -> str:
        return f"{self.offsets}"
