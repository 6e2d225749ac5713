"""From stored hours and bookings to times a family may press. Lists and checks are one function.

`open_desk` loads everything in three queries; `offers` cuts it into times. `check` asks for the
very same list whether a time is in it, so what is shown can be booked and nothing else can.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import CareTeamMembership, Child, Therapist, User
from core.prepared import CHILD, FIRST_DAY, LAST_DAY, NOW, SUBJECT, WORDS, Prepared
from core.timezones import local
from scheduling import rosters
from scheduling.access import any_bookable, licence_places
from scheduling.errors import InThePast, NoLicence, NotOffered, TimeTaken
from scheduling.models import Appointment
from scheduling.rosters import Busy, ChildWeek, Roster
from scheduling.slotting import starts_for

# The longest horizon a therapist may set (forms.RulesForm), and a day for far-away zones.
LONGEST_HORIZON = timedelta(days=181)


@dataclass(frozen=True)
class Offer:
    """One time of one therapist."""

    starts_at: datetime
    ends_at: datetime
    therapist: Therapist


@dataclass(frozen=True)
class Seat:
    """One therapist at the desk."""

    roster: Roster
    on_team: bool

    @property
    def therapist(self) -> Therapist:
        return self.roster.therapist

    @property
    def default_minutes(self) -> int:
        return self.roster.rules.session_minutes[0]


@dataclass(frozen=True)
class Desk:
    """Everything known about one child's possible times, at one moment."""

    week: ChildWeek
    seats: tuple[Seat, ...]
    busy: tuple[Busy, ...]
    now: datetime

    @cached_property
    def lengths(self) -> list[int]:
        return sorted({n for s in self.seats for n in s.roster.rules.session_minutes}, reverse=True)

    @cached_property
    def default_minutes(self) -> int:
        return self.seats[0].default_minutes if self.seats else 50

    def offers_of(self, seat: Seat, minutes: int, *, only: datetime | None = None) -> list[Offer]:
        """One therapist's times, in order; none for a length they do not give.

        `only` asks whether a session fits at that very moment, on the grid's lines or not.
        """
        if minutes not in seat.roster.rules.session_minutes:
            return []
        length = timedelta(minutes=minutes)
        starts = starts_for(
            roster=seat.roster,
            week=self.week,
            busy=self.busy,
            minutes=minutes,
            now=self.now,
            only=only,
        )
        return [Offer(start, start + length, seat.therapist) for start in starts]

    def offers(self, minutes: int) -> list[Offer]:
        """All times, each once. Where several have time: who knows the child, then who has the
        fewest bookings that week, so that nobody is always first by alphabet.
        """
        by_start: dict[datetime, list[tuple[Seat, Offer]]] = defaultdict(list)
        for seat in self.seats:
            for offer in self.offers_of(seat, minutes):
                by_start[offer.starts_at].append((seat, offer))
        return [
            found[0][1]
            if len(found) == 1
            else min(found, key=lambda pair: self._turn(pair[0], start))[1]
            for start, found in sorted(by_start.items())
        ]

    def _turn(self, seat: Seat, start: datetime) -> tuple[bool, int, str]:
        booked = self._booked_per_week[seat.therapist.pk, _week(start)]
        return not seat.on_team, booked, str(seat.therapist.pk)

    @cached_property
    def _booked_per_week(self) -> dict[tuple[UUID, tuple[int, int]], int]:
        counts: dict[tuple[UUID, tuple[int, int]], int] = defaultdict(int)
        for row in self.busy:
            counts[row.therapist_id, _week(row.starts_at)] += 1
        return counts


def _week(moment: datetime) -> tuple[int, int]:
    year, week, _day = moment.isocalendar()
    return year, week


def range_of(child: Child, now: datetime) -> tuple[date, date]:
    """The child's dates that could be booked at all: for the question of licences."""
    zone = child.user.zone
    return local(now, zone).date(), local(now + LONGEST_HORIZON, zone).date()


def _therapists() -> QuerySet[Any]:
    team = CareTeamMembership.objects.current(NOW).filter(child=CHILD, therapist=OuterRef("pk"))
    found = any_bookable().annotate(on_team=Exists(team))
    return rosters.with_hours(found).order_by("-on_team", "user__display_name", "pk")


_ALL = Prepared(_therapists)
_ONE = Prepared(lambda: _therapists().filter(pk=SUBJECT))


def _for_child(child: Child, now: datetime, therapist_id: UUID | None) -> list[Any]:
    first, last = range_of(child, now)
    values = {
        CHILD: child.pk,
        WORDS: licence_places(child),
        FIRST_DAY: first,
        LAST_DAY: last,
        NOW: timezone.now(),
    }
    if therapist_id is None:
        return _ALL.rows(values)
    return _ONE.rows(values | {SUBJECT: therapist_id})


def open_desk(
    child: Child,
    *,
    now: datetime,
    viewer: User | None = None,
    therapist_id: UUID | None = None,
    ignoring: Appointment | None = None,
) -> Desk:
    """Load the therapists this child may see (or one of them), the child's week, what is booked.

    Those on the care team come first. A therapist without a licence for the child's place, or who
    no longer works here, is not there at all.
    """
    seats = tuple(
        Seat(_licensed(roster, child), bool(getattr(roster.therapist, "on_team", False)))
        for roster in rosters.rosters(_for_child(child, now, therapist_id))
    )
    return Desk(
        week=rosters.child_week(child),
        seats=seats,
        busy=tuple(
            rosters.busy(
                therapist_ids=[seat.therapist.pk for seat in seats],
                child=child,
                # a day on both sides: sessions of yesterday count for today's daily maximum
                first=now - timedelta(days=2),
                last=now + LONGEST_HORIZON + timedelta(days=2),
                now=now,
                viewer=viewer,
                ignoring=ignoring,
            )
        ),
        now=now,
    )


def _licensed(roster: Roster, child: Child) -> Roster:
    """Only the licences that count where this child lives."""
    places = licence_places(child)
    kept = tuple(licence for licence in roster.licences if licence.place in places)
    return Roster(**(vars(roster) | {"licences": kept}))


def check(
    *,
    child: Child,
    therapist: Therapist,
    starts_at: datetime,
    minutes: int,
    now: datetime,
    ignoring: Appointment | None = None,
    was_offered: bool = False,
) -> None:
    """Refuse a time that the list would not show, with the reason that helps most.

    `was_offered`: the time was on the list when it was held, so it only has to fit.
    Raises InThePast, NoLicence, TimeTaken or NotOffered. Call it with the locks taken.
    """
    if starts_at <= now:
        raise InThePast
    desk = open_desk(child, now=now, therapist_id=therapist.pk, ignoring=ignoring)
    if not desk.seats:
        raise NoLicence
    seat = desk.seats[0]
    offers = desk.offers_of(seat, minutes, only=starts_at if was_offered else None)
    if any(offer.starts_at == starts_at for offer in offers):
        return
    if not _has_licence(seat.roster, starts_at, child):
        raise NoLicence
    ends_at = starts_at + timedelta(minutes=minutes)
    if any(row.starts_at < ends_at and starts_at < row.ends_at for row in desk.busy):
        raise TimeTaken
    raise NotOffered


def _has_licence(roster: Roster, moment: datetime, child: Child) -> bool:
    day = local(moment, child.user.zone).date()
    return any(
        licence.first <= day and (licence.last is None or day <= licence.last)
        for licence in roster.licences
    )
