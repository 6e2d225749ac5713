"""When a therapist works and what a child's week must keep free.

Changing hours never touches what is booked: families were promised those times. The pages list
what now falls outside, and the therapist moves or cancels it with the family.
"""

from datetime import date
from itertools import pairwise
from uuid import UUID

from django.db import transaction

from accounts import access as people
from accounts.models import Child, Therapist, User
from core.audit.actions import record
from core.errors import NotVisible
from core.timezones import validate_zone
from scheduling import access
from scheduling.errors import HoursMakeNoSense, HoursOverlap
from scheduling.models import (
    DAY,
    BookingRules,
    ChildHours,
    ChildRhythm,
    DateOverride,
    TimeOff,
    TravelZone,
    WeeklyHours,
)

WEEK = 7 * DAY


def _own(actor: User, therapist: Therapist) -> None:
    """Only the therapist sets their own hours."""
    if access.get_therapist_for(actor).pk != therapist.pk:
        raise NotVisible


def check_window(start_minute: int, end_minute: int) -> None:
    if not (0 <= start_minute < DAY and start_minute < end_minute <= start_minute + DAY):
        raise HoursMakeNoSense


def _in_week(hours: WeeklyHours) -> tuple[int, int]:
    """Minutes since Monday 00:00."""
    return hours.weekday * DAY + hours.start_minute, hours.weekday * DAY + hours.end_minute


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Do two windows of the week overlap, Sunday night running into Monday included?"""
    return any(
        one[0] < other[1] + shift and other[0] + shift < one[1] for shift in (-WEEK, 0, WEEK)
    )


@transaction.atomic
def add_weekly_hours(
    *,
    actor: User,
    therapist: Therapist,
    weekdays: list[int],
    start_minute: int,
    end_minute: int,
) -> list[WeeklyHours]:
    """A window that returns each week; `end_minute` above 1440 ends on the next day."""
    _own(actor, therapist)
    check_window(start_minute, end_minute)
    # The row of the therapist is the turn: two tabs could each see no overlap.
    Therapist.objects.select_for_update().get(pk=therapist.pk)
    known = [_in_week(hours) for hours in WeeklyHours.objects.filter(therapist=therapist)]
    rows = []
    for weekday in weekdays:
        hours = WeeklyHours(
            therapist=therapist,
            weekday=weekday,
            start_minute=start_minute,
            end_minute=end_minute,
        )
        if any(_meet(_in_week(hours), window) for window in known):
            raise HoursOverlap
        known.append(_in_week(hours))
        rows.append(hours)
    WeeklyHours.objects.bulk_create(rows)
    record(actor=actor, action="hours.add", obj=therapist, fields=["weekly_hours"])
    return rows


@transaction.atomic
def remove_weekly_hours(*, actor: User, therapist: Therapist, hours_id: UUID) -> int:
    """Answers how many were removed: 0 when a second press comes after the first."""
    _own(actor, therapist)
    count, _ = WeeklyHours.objects.filter(therapist=therapist, pk=hours_id).delete()
    if count:
        record(actor=actor, action="hours.remove", obj=therapist)
    return count


@transaction.atomic
def set_override(
    *, actor: User, therapist: Therapist, day: date, windows: list[tuple[int, int]]
) -> DateOverride:
    """Replace one date's weekly hours; no windows closes the date."""
    _own(actor, therapist)
    for start, end in windows:
        check_window(start, end)
    ordered = sorted(windows)
    if any(a[1] > b[0] for a, b in pairwise(ordered)):
        raise HoursOverlap
    override, _created = DateOverride.objects.update_or_create(
        therapist=therapist, date=day, defaults={"windows": [list(w) for w in ordered]}
    )
    record(actor=actor, action="hours.override", obj=override, fields=["windows"])
    return override


@transaction.atomic
def remove_override(*, actor: User, therapist: Therapist, override_id: UUID) -> int:
    _own(actor, therapist)
    count, _ = DateOverride.objects.filter(therapist=therapist, pk=override_id).delete()
    if count:
        record(actor=actor, action="hours.override_remove", obj=therapist)
    return count


def _check_period(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        raise HoursMakeNoSense


@transaction.atomic
def add_time_off(*, actor: User, therapist: Therapist, starts_on: date, ends_on: date) -> TimeOff:
    """Whole dates in the therapist's zone, both ends included."""
    _own(actor, therapist)
    _check_period(starts_on, ends_on)
    period = TimeOff.objects.create(therapist=therapist, starts_on=starts_on, ends_on=ends_on)
    record(actor=actor, action="hours.time_off", obj=period)
    return period


@transaction.atomic
def remove_time_off(*, actor: User, therapist: Therapist, period_id: UUID) -> int:
    _own(actor, therapist)
    count, _ = TimeOff.objects.filter(therapist=therapist, pk=period_id).delete()
    if count:
        record(actor=actor, action="hours.time_off_remove", obj=therapist)
    return count


@transaction.atomic
def add_travel(
    *, actor: User, therapist: Therapist, starts_on: date, ends_on: date, time_zone: str
) -> TravelZone:
    """For these dates the therapist's hours are read on another clock."""
    _own(actor, therapist)
    _check_period(starts_on, ends_on)
    validate_zone(time_zone)
    Therapist.objects.select_for_update().get(pk=therapist.pk)
    if TravelZone.objects.filter(
        therapist=therapist, starts_on__lte=ends_on, ends_on__gte=starts_on
    ).exists():
        raise HoursOverlap
    travel = TravelZone.objects.create(
        therapist=therapist, starts_on=starts_on, ends_on=ends_on, time_zone=time_zone
    )
    record(actor=actor, action="hours.travel", obj=travel)
    return travel


@transaction.atomic
def remove_travel(*, actor: User, therapist: Therapist, travel_id: UUID) -> int:
    _own(actor, therapist)
    count, _ = TravelZone.objects.filter(therapist=therapist, pk=travel_id).delete()
    if count:
        record(actor=actor, action="hours.travel_remove", obj=therapist)
    return count


@transaction.atomic
def set_rules(*, actor: User, therapist: Therapist, **values: object) -> BookingRules:
    """Session lengths, buffers, notice, horizon, daily maximum (fields of BookingRules)."""
    _own(actor, therapist)
    rules, _created = BookingRules.objects.update_or_create(therapist=therapist, defaults=values)
    record(actor=actor, action="hours.rules", obj=rules, fields=sorted(values))
    return rules


def _may_set_rhythm(actor: User, child: Child) -> None:
    if not people.can(actor, people.Verb.BOOK, child):
        raise NotVisible


@transaction.atomic
def add_child_hours(
    *,
    actor: User,
    child: Child,
    kind: ChildHours.Kind,
    weekdays: list[int],
    start_minute: int,
    end_minute: int,
) -> list[ChildHours]:
    """School or rest on some days of each week, in the child's own zone."""
    _may_set_rhythm(actor, child)
    check_window(start_minute, end_minute)
    rows = ChildHours.objects.bulk_create(
        ChildHours(
            child=child,
            kind=kind,
            weekday=weekday,
            start_minute=start_minute,
            end_minute=end_minute,
        )
        for weekday in weekdays
    )
    record(actor=actor, action="rhythm.add", obj=child, child_id=child.pk, fields=["hours"])
    return rows


@transaction.atomic
def remove_child_hours(*, actor: User, child: Child, hours_id: UUID) -> int:
    _may_set_rhythm(actor, child)
    count, _ = ChildHours.objects.filter(child=child, pk=hours_id).delete()
    record(actor=actor, action="rhythm.remove", obj=child, child_id=child.pk, fields=["hours"])
    return count


@transaction.atomic
def set_rest(*, actor: User, child: Child, rest_after_minutes: int) -> ChildRhythm:
    """How long after a session nothing else may begin."""
    _may_set_rhythm(actor, child)
    rhythm, _created = ChildRhythm.objects.update_or_create(
        child=child, defaults={"rest_after_minutes": rest_after_minutes}
    )
    record(actor=actor, action="rhythm.rest", obj=child, child_id=child.pk, fields=["rest"])
    return rhythm
