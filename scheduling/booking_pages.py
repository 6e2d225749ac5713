"""What the booking pages show: choices, days and times in words, on the reader's clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access_family import zone_for
from accounts.models import Child, Therapist, User
from core.timezones import label, local, zone_name, zone_place
from scheduling import availability
from scheduling.access import bookable_therapists
from scheduling.actions.booking import minutes_of
from scheduling.errors import NotOffered
from scheduling.forms import LookForm
from scheduling.models import Appointment, WhoJoins
from scheduling.selectors import Day, Week, week_of
from scheduling.wording import clock, same_clock

NOON, EVENING = 12, 17
UrlOf = Callable[[date | None], str]


@dataclass(frozen=True)
class Choice:
    """One therapist to choose, and when they are free first."""

    therapist: Therapist
    on_team: bool
    first: str
    url: str


@dataclass(frozen=True)
class TherapistsPage:
    choices: list[Choice]
    any_url: str
    any_first: str


@dataclass(frozen=True)
class DayLink:
    """For components/day_strip.html."""

    date: date
    url: str
    count: int
    active: bool


@dataclass(frozen=True)
class TimeButton:
    """A time to press. `value` names the instant, so that an hour that happens twice is two."""

    value: str
    instant: str
    label: str
    sub: str


@dataclass(frozen=True)
class TimesPage:
    therapist: Therapist | None
    minutes: int
    lengths: list[tuple[int, str]]
    who: str
    week: Week | None
    days: list[DayLink]
    parts: list[tuple[str, list[TimeButton]]]
    earlier_url: str
    later_url: str
    zone_note: str
    day: date | None


@dataclass(frozen=True)
class HeldPage:
    when: str
    child_when: str
    therapist_when: str
    minutes: int
    until: str
    alive: bool
    choices_url: str


def get_bookable(child: Child, therapist_id: UUID) -> Therapist:
    """A therapist of the list, or NotOffered: a foreign id is a time nobody offers."""
    first, last = availability.range_of(child, timezone.now())
    found = bookable_therapists(child, first, last).filter(pk=therapist_id).first()
    if found is None:
        raise NotOffered
    return found


def _query(**values: object) -> str:
    return urlencode({name: str(value) for name, value in values.items() if value})


def times_url(child: Child, therapist: Therapist | None, near: Appointment | None = None) -> str:
    base = reverse("book_times", args=[child.pk])
    minutes = minutes_of(near) if near else ""
    query = _query(therapist=therapist.pk if therapist else "", minutes=minutes)
    return f"{base}?{query}" if query else base


def look_again(held: Appointment, reader: User, who: WhoJoins) -> dict[str, str]:
    """The list as it was when this time was pressed."""
    return {
        "therapist": str(held.therapist_id),
        "minutes": str(minutes_of(held)),
        "day": local(held.starts_at, reader.zone).date().isoformat(),
        "who": who,
    }


def therapists(child: Child, reader: User) -> TherapistsPage:
    desk = availability.open_desk(child, now=timezone.now(), viewer=reader)
    choices = []
    for seat in desk.seats:
        first = next(iter(desk.offers_of(seat, seat.default_minutes)), None)
        choices.append(
            Choice(
                seat.therapist,
                seat.on_team,
                label(first.starts_at, reader.zone) if first else "",
                times_url(child, seat.therapist),
            )
        )
    soonest = next(iter(desk.offers(desk.default_minutes)), None)
    return TherapistsPage(
        choices, times_url(child, None), label(soonest.starts_at, reader.zone) if soonest else ""
    )


def times(child: Child, reader: User, look: LookForm) -> TimesPage:
    desk = availability.open_desk(
        child, now=timezone.now(), viewer=reader, therapist_id=look.wish("therapist")
    )
    wanted = look.wish("minutes")
    minutes = wanted if wanted in desk.lengths else desk.default_minutes
    week = week_of(desk.offers(minutes), wanted=look.wish("day"), zone=reader.zone)
    therapist = desk.seats[0].therapist if len(desk.seats) == 1 else None
    asked = look.wish("therapist")
    base = {"therapist": asked, "minutes": minutes, "who": look.wish("who")}
    page = reverse("book_times", args=[child.pk])

    def url(day: date | None, **changes: object) -> str:
        return f"{page}?{_query(**base | {'day': day} | changes)}"

    chosen = week.chosen if week else None
    return TimesPage(
        therapist=therapist,
        minutes=minutes,
        lengths=[(n, url(chosen.date if chosen else None, minutes=n)) for n in desk.lengths],
        who=look.wish("who") or "",
        week=week,
        days=_day_links(week, url),
        parts=parts_of_day(chosen, reader, child, names=len(desk.seats) > 1),
        earlier_url=url(week.earlier) if week and week.earlier else "",
        later_url=url(week.later) if week and week.later else "",
        zone_note=zone_note(chosen, reader),
        day=chosen.date if chosen else None,
    )


def _day_links(week: Week | None, url: UrlOf) -> list[DayLink]:
    if week is None:
        return []
    return [DayLink(day.date, url(day.date), len(day.offers), day.chosen) for day in week.days]


def parts_of_day(
    day: Day | None, reader: User, child: Child, *, names: bool
) -> list[tuple[str, list[TimeButton]]]:
    """Morning, afternoon, evening; empty parts are left out."""
    zone, childs = reader.zone, zone_for(reader, child)
    parts: dict[str, list[TimeButton]] = {}
    for offer in day.offers if day else ():
        hour = local(offer.starts_at, zone).hour
        part = _("Morning") if hour < NOON else _("Afternoon") if hour < EVENING else _("Evening")
        parts.setdefault(part, []).append(_button(offer, zone, childs, child, names=names))
    return list(parts.items())


def _button(
    offer: availability.Offer, zone: ZoneInfo, childs: ZoneInfo, child: Child, *, names: bool
) -> TimeButton:
    subs = []
    if not same_clock(offer.starts_at, zone, childs):
        subs.append(
            _("%(time)s for %(name)s")
            % {"time": clock(offer.starts_at, childs), "name": child.user.display_name}
        )
    if names:
        subs.append(offer.therapist.user.display_name)
    instant = f"{offer.starts_at:%Y-%m-%dT%H:%M:%S}Z"
    return TimeButton(
        f"{offer.therapist.pk}|{instant}",
        instant,
        clock(offer.starts_at, zone),
        " · ".join(subs),
    )


def zone_note(day: Day | None, reader: User) -> str:
    """Whose clock the times are on, by its name that day."""
    if day is None or not day.offers:
        return ""
    moment = day.offers[0].starts_at
    return _("Times are on your clock: %(place)s, %(zone)s.") % {
        "place": zone_place(reader.time_zone),
        "zone": zone_name(moment, reader.zone),
    }


def other_clock(moment: datetime, reader: User, other: ZoneInfo) -> str:
    """The same moment on somebody else's clock; "" where both clocks show the same."""
    if same_clock(moment, reader.zone, other):
        return ""
    return label(moment, other)


def held(appointment: Appointment, reader: User, *, now: datetime) -> HeldPage:
    until = appointment.hold_expires_at
    return HeldPage(
        when=label(appointment.starts_at, reader.zone),
        child_when=other_clock(appointment.starts_at, reader, zone_for(reader, appointment.child)),
        therapist_when=other_clock(appointment.starts_at, reader, appointment.therapist.user.zone),
        minutes=minutes_of(appointment),
        until=clock(until, reader.zone) if until else "",
        alive=until is not None and until > now,
        choices_url=times_url(appointment.child, appointment.therapist, appointment),
    )
