"""What the pages of hours show: a therapist's own, and a child's week."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import Child, Therapist
from core.prepared import SUBJECT, Prepared
from core.timezones import local
from scheduling.models import Appointment
from scheduling.rosters import Period, Roster, child_week, rosters, with_hours
from scheduling.selectors import Window, by_weekday, override_rows


@dataclass(frozen=True)
class HoursPage:
    roster: Roster
    week: list[tuple[str, list[Window]]]
    overrides: list[tuple[UUID, date, list[str]]]
    time_off: list[Period]
    travel: list[Period]
    in_time_off: list[Appointment]


@dataclass(frozen=True)
class RhythmPage:
    week: list[tuple[str, list[Window]]]
    rest_after_minutes: int
    is_empty: bool


_ONE = Prepared(lambda: with_hours(Therapist.objects.filter(pk=SUBJECT)))


def page(therapist: Therapist, *, now: datetime) -> HoursPage:
    """Past dates are left out: they no longer change anything."""
    (roster,) = rosters(_ONE.rows({SUBJECT: therapist.pk}))
    today = local(now, roster.zone).date()
    time_off = [period for period in roster.time_off if period.last >= today]
    return HoursPage(
        roster=roster,
        week=by_weekday(roster.weekly),
        overrides=override_rows(roster, today),
        time_off=time_off,
        travel=[period for period in roster.travel if period.last >= today],
        in_time_off=_inside(roster, time_off) if time_off else [],
    )


def _inside(roster: Roster, periods: list[Period]) -> list[Appointment]:
    """Booked sessions that now lie in time off: to be moved or cancelled with the family."""
    upcoming = (
        Appointment.objects.upcoming()
        .filter(therapist=roster.therapist)
        .select_related("child__user", "therapist__user")
    )
    return [
        appointment
        for appointment in upcoming
        if any(
            period.first <= local(appointment.starts_at, roster.zone).date() <= period.last
            for period in periods
        )
    ]


def rhythm(child: Child) -> RhythmPage:
    week = child_week(child)
    return RhythmPage(by_weekday(week.hours), week.rest_after_minutes, not week.hours)
