"""Reads for pages. They take what access has already made visible."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Func, IntegerField, Q
from django.utils import timezone

from accounts.access import SOMEBODY
from accounts.models import User
from core.prepared import NOW, PERSON, Prepared
from core.timezones import local
from scheduling import availability
from scheduling.access import own_appointments
from scheduling.models import (
    DAY,
    Appointment,
    AppointmentQuerySet,
    CalendarFeed,
    ChildHours,
    State,
    Weekday,
)
from scheduling.rosters import Roster, Weekly

FEED_PAST = timedelta(days=90)


def with_people(appointments: AppointmentQuerySet) -> AppointmentQuerySet:
    return appointments.select_related("child__user", "therapist__user")


def coming(appointments: AppointmentQuerySet, now: datetime | None = None) -> AppointmentQuerySet:
    return with_people(appointments.upcoming(now))


def earlier(appointments: AppointmentQuerySet, now: datetime | None = None) -> AppointmentQuerySet:
    """What is over, and what was cancelled; newest first."""
    past = Q(ends_at__lte=now or timezone.now()) | Q(state=State.CANCELLED)
    return with_people(appointments.filter(past).order_by("-starts_at"))


_COMING = Prepared(lambda: coming(own_appointments(SOMEBODY, NOW), NOW))
_EARLIER = Prepared(
    lambda: (
        earlier(own_appointments(SOMEBODY, NOW), NOW)
        .order_by()
        .values_list(Func("pk", function="COUNT", output_field=IntegerField()))
    )
)


def all_coming(user: User) -> list[Appointment]:
    return _COMING.rows({PERSON: user.pk, NOW: timezone.now()})


def how_many_earlier(user: User) -> int:
    ((count,),) = _EARLIER.rows({PERSON: user.pk, NOW: timezone.now()})
    return int(count)


def for_feed(appointments: AppointmentQuerySet) -> AppointmentQuerySet:
    """Cancelled ones stay in for a while, so that calendars learn of it."""
    recent = appointments.filter(ends_at__gte=timezone.now() - FEED_PAST)
    return recent.select_related("child").order_by("starts_at")


def feed_owner(token_hash: str) -> User | None:
    feed = (
        CalendarFeed.objects.select_related("user")
        .filter(token_hash=token_hash, user__is_active=True)
        .first()
    )
    return feed.user if feed else None


def feed_of(user: User) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(user=user).first()


@dataclass(frozen=True)
class Day:
    """One cell of the day strip, on the reader's calendar."""

    date: date
    offers: tuple[availability.Offer, ...]
    chosen: bool = False


@dataclass(frozen=True)
class Week:
    """Seven days with their free times, and where to go from here."""

    days: tuple[Day, ...]
    earlier: date | None
    later: date | None

    @property
    def chosen(self) -> Day | None:
        return next((day for day in self.days if day.chosen), None)

    @property
    def is_empty(self) -> bool:
        return not any(day.offers for day in self.days)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(
    offers: list[availability.Offer], *, wanted: date | None, zone: ZoneInfo
) -> Week | None:
    """The week around `wanted` (else around the first free day); None if nothing is free at all.

    Days are the reader's own: a time at 23:30 for the child may be tomorrow for the guardian.
    """
    by_day: dict[date, list[availability.Offer]] = {}
    for offer in offers:
        by_day.setdefault(local(offer.starts_at, zone).date(), []).append(offer)
    if not by_day:
        return None
    first, last = min(by_day), max(by_day)
    day = min(max(wanted or first, first), last)
    monday = _monday(day)
    week = [monday + timedelta(days=n) for n in range(7)]
    if not by_day.get(day):
        day = next((d for d in week if by_day.get(d)), day)
    return Week(
        tuple(Day(d, tuple(by_day.get(d, ())), chosen=d == day) for d in week),
        earlier=monday - timedelta(days=7) if first < monday else None,
        later=monday + timedelta(days=7) if last >= monday + timedelta(days=7) else None,
    )


@dataclass(frozen=True)
class Window:
    """A stored window in words: "09:00", "00:30", and whether that is the next day."""

    id: UUID
    start: str
    end: str
    next_day: bool
    kind: str = ""


def minute_text(minute: int) -> str:
    """Minutes of a day as a clock shows them; 1440 is "24:00", the end of the day."""
    return "24:00" if minute == DAY else f"{minute % DAY // 60:02d}:{minute % 60:02d}"


def by_weekday(rows: Iterable[Weekly]) -> list[tuple[str, list[Window]]]:
    """Weekly rows under the names of the seven days, empty days included."""
    found: dict[int, list[Window]] = {day: [] for day in Weekday.values}
    for row in rows:
        kind = str(ChildHours.Kind(row.kind).label) if row.kind else ""
        found[row.weekday].append(
            Window(row.id, minute_text(row.start), minute_text(row.end), row.end > DAY, kind)
        )
    return [(str(Weekday(day).label), windows) for day, windows in found.items()]


def override_rows(roster: Roster, today: date) -> list[tuple[UUID, date, list[str]]]:
    """Overrides from today on, their windows as "09:00-12:30"."""
    return [
        (row.id, row.date, [f"{minute_text(a)}\u2013{minute_text(b)}" for a, b in row.windows])
        for row in roster.overrides
        if row.date >= today
    ]
