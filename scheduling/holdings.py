"""What this app holds about a child: appointments, school and rest hours, wishes."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from core.registry import Category, Holding, Reader, Sheet, Table, register, set_aside
from scheduling.access import SETTLED
from scheduling.models import BLOCKING, Appointment, ChildHours, ChildRhythm, State, Weekday
from scheduling.selectors import minute_text


def register_all() -> None:
    register(
        Holding(
            name="scheduling.appointments",
            category=Category.CLINICAL,
            tables=(Table("scheduling.Appointment", "child"),),
            export=_appointments,
            blocks=_is_booked,
            last_contact=_last_contact,
        ),
        Holding(
            name="scheduling.rhythm",
            category=Category.CONTACT,
            tables=(
                Table("scheduling.ChildHours", "child"),
                Table("scheduling.ChildRhythm", "child"),
            ),
            export=_rhythm,
        ),
        Holding(
            name="scheduling.wishes",
            category=Category.CONTACT,
            tables=(
                Table("scheduling.CalendarFeed", "user__child"),
                Table("scheduling.ReminderChoice", "user__child"),
            ),
        ),
    )
    set_aside(
        "When a therapist works and what may be booked.",
        "scheduling.BookingRules",
        "scheduling.WeeklyHours",
        "scheduling.DateOverride",
        "scheduling.TimeOff",
        "scheduling.TravelZone",
    )


def _is_booked(child_id: UUID) -> bool:
    coming = Appointment.objects.filter(child=child_id, state__in=BLOCKING)
    return coming.filter(ends_at__gt=timezone.now()).exists()


def _last_contact(child_id: UUID) -> datetime | None:
    past = Appointment.objects.filter(child=child_id, state=State.BOOKED)
    found: dict[str, datetime | None] = past.filter(ends_at__lte=timezone.now()).aggregate(
        last=Max("ends_at")
    )
    return found["last"]


def _appointments(child_id: UUID, _reader: Reader) -> Iterable[Sheet]:
    """As on the page, which shows the same to the child, a guardian and the care team."""
    found = (
        Appointment.objects.filter(child=child_id, state__in=SETTLED)
        .select_related("therapist__user")
        .order_by("starts_at")
    )
    rows: list[dict[str, object]] = [
        {
            "from": appointment.starts_at,
            "until": appointment.ends_at,
            "with": appointment.therapist.user.display_name,
            "state": appointment.get_state_display(),
            "who_joins": appointment.get_who_joins_display(),
            "outcome": appointment.get_outcome_display(),
            "cancelled_because": appointment.get_cancel_reason_display(),
            "cancelled_at": appointment.cancelled_at,
        }
        for appointment in found
    ]
    yield Sheet("appointments", _("Appointments"), rows)


def _rhythm(child_id: UUID, _reader: Reader) -> Iterable[Sheet]:
    hours = ChildHours.objects.filter(child=child_id)
    rows: list[dict[str, object]] = [
        {
            "day": str(Weekday(row.weekday).label),
            "what": row.get_kind_display(),
            "from": minute_text(row.start_minute),
            "until": minute_text(row.end_minute),
        }
        for row in hours
    ]
    yield Sheet("school_and_rest", _("School and rest times"), rows)
    rest = ChildRhythm.objects.filter(child=child_id).first()
    if rest is not None:
        minutes: dict[str, object] = {"minutes_of_rest_after_a_session": rest.rest_after_minutes}
        yield Sheet("rest", _("Rest after a session"), [minutes])
