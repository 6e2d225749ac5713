"""Everything availability needs to know, in three queries however many therapists there are.

The hours' rows come as JSON beside their therapist: six tables in one round trip. Dates and
numbers are parsed back into types here, and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import Child, Licence, Therapist, User
from core.prepared import CHILD, EACH, MANY, NOW, PERSON, SINCE, SUBJECT, UNTIL, Prepared
from scheduling.models import (
    Appointment,
    BookingRules,
    ChildHours,
    ChildRhythm,
    DateOverride,
    State,
    TimeOff,
    TravelZone,
    WeeklyHours,
)


@dataclass(frozen=True)
class Weekly:
    """Minutes of the day; `end` above 1440 is the next day."""

    id: UUID
    weekday: int
    start: int
    end: int
    kind: str = ""


@dataclass(frozen=True)
class Override:
    id: UUID
    date: date
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Period:
    """Whole dates, both ends included."""

    id: UUID
    first: date
    last: date
    time_zone: str = ""


@dataclass(frozen=True)
class LicencePeriod:
    place: str
    first: date
    last: date | None


@dataclass(frozen=True)
class Roster:
    """One therapist's hours and rules."""

    therapist: Therapist
    rules: BookingRules
    weekly: tuple[Weekly, ...]
    overrides: tuple[Override, ...]
    time_off: tuple[Period, ...]
    travel: tuple[Period, ...]
    licences: tuple[LicencePeriod, ...]

    @property
    def zone(self) -> ZoneInfo:
        return self.therapist.user.zone


@dataclass(frozen=True)
class ChildWeek:
    """A child's school and rest hours on the child's own clock, and the rest after a session."""

    child: Child
    hours: tuple[Weekly, ...]
    rest_after_minutes: int

    @property
    def zone(self) -> ZoneInfo:
        return self.child.user.zone


@dataclass(frozen=True)
class Busy:
    """A booked or held time."""

    therapist_id: UUID
    child_id: UUID
    starts_at: datetime
    ends_at: datetime


def _rows(model: type[Model], *fields: str, order: str, owner: str = "therapist") -> ArraySubquery:
    found: QuerySet[Model] = QuerySet(model).filter(**{owner: OuterRef("pk")}).order_by(order)
    return ArraySubquery(found.values(row=JSONObject(**{name: F(name) for name in fields})))


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _periods(rows: list[dict[str, Any]]) -> tuple[Period, ...]:
    return tuple(
        Period(UUID(r["id"]), _day(r["starts_on"]), _day(r["ends_on"]), r.get("time_zone", ""))
        for r in rows
    )


def _weekly(rows: list[dict[str, Any]]) -> tuple[Weekly, ...]:
    return tuple(
        Weekly(UUID(r["id"]), r["weekday"], r["start_minute"], r["end_minute"], r.get("kind", ""))
        for r in sorted(rows, key=lambda r: (r["weekday"], r["start_minute"]))
    )


def with_hours(therapists: QuerySet[Therapist]) -> QuerySet[Any]:
    """The therapists as `rosters` takes them."""
    return therapists.select_related("user", "booking_rules").annotate(
        weekly_rows=_rows(
            WeeklyHours, "id", "weekday", "start_minute", "end_minute", order="weekday"
        ),
        override_rows=_rows(DateOverride, "id", "date", "windows", order="date"),
        time_off_rows=_rows(TimeOff, "id", "starts_on", "ends_on", order="starts_on"),
        travel_rows=_rows(TravelZone, "id", "starts_on", "ends_on", "time_zone", order="starts_on"),
        licence_rows=_rows(Licence, "place", "valid_from", "valid_until", order="valid_from"),
    )


def rosters(found: Iterable[Therapist]) -> list[Roster]:
    """One per therapist of a query `with_hours`, in its order."""
    return [_roster(therapist) for therapist in found]


def _roster(row: Any) -> Roster:
    return Roster(
        therapist=row,
        rules=getattr(row, "booking_rules", None) or BookingRules(therapist=row),
        weekly=_weekly(row.weekly_rows),
        overrides=tuple(
            Override(UUID(r["id"]), _day(r["date"]), tuple((a, b) for a, b in r["windows"]))
            for r in row.override_rows
        ),
        time_off=_periods(row.time_off_rows),
        travel=_periods(row.travel_rows),
        licences=tuple(
            LicencePeriod(
                r["place"],
                _day(r["valid_from"]),
                _day(r["valid_until"]) if r["valid_until"] else None,
            )
            for r in row.licence_rows
        ),
    )


def _week_of_child() -> QuerySet[Any, Any]:
    return (
        Child.objects.filter(pk=CHILD)
        .annotate(
            hours_rows=_rows(
                ChildHours,
                "id",
                "weekday",
                "start_minute",
                "end_minute",
                "kind",
                order="weekday",
                owner="child",
            ),
            rest_after=F("rhythm__rest_after_minutes"),
        )
        .values_list("hours_rows", "rest_after")
    )


_CHILD_WEEK = Prepared(_week_of_child)


def child_week(child: Child) -> ChildWeek:
    """One query."""
    ((hours, rest),) = _CHILD_WEEK.rows({CHILD: child.pk})
    if rest is None:
        rest = ChildRhythm().rest_after_minutes
    return ChildWeek(child, _weekly(hours), rest)


def _blocking() -> QuerySet[Any, Any]:
    return (
        Appointment.objects.blocking()
        .filter(Q(therapist_id__in=EACH) | Q(child=CHILD), ends_at__gt=SINCE, starts_at__lt=UNTIL)
        .exclude(state=State.HELD, hold_expires_at__lte=NOW)
        .exclude(state=State.HELD, child=CHILD, booked_by=PERSON)
        .exclude(pk=SUBJECT)
        .values_list("therapist_id", "child_id", "starts_at", "ends_at")
    )


_BUSY = Prepared(_blocking)
NOBODY = UUID(int=0)


def busy(
    *,
    therapist_ids: list[UUID],
    child: Child,
    first: datetime,
    last: datetime,
    now: datetime,
    viewer: User | None = None,
    ignoring: Appointment | None = None,
) -> list[Busy]:
    """What blocks these therapists or this child between two instants. One query.

    Holds past their end block nobody. A viewer's own hold for this child does not hide its time
    from them: choosing again replaces it. `ignoring` is the appointment that is being moved.
    """
    values = {
        MANY: therapist_ids,
        CHILD: child.pk,
        SINCE: first,
        UNTIL: last,
        NOW: now,
        PERSON: viewer.pk if viewer else NOBODY,
        SUBJECT: ignoring.pk if ignoring else NOBODY,
    }
    return [Busy(*row) for row in _BUSY.rows(values)]
