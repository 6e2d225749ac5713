"""What the appointment pages show, on the reader's clock, and what the reader may do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import access as people
from accounts.access_family import zone_for
from accounts.models import Child, User
from core.prepared import NOW, PERSON, Prepared
from core.timezones import label, local, spoken
from scheduling import access, availability
from scheduling.actions.booking import minutes_of
from scheduling.actions.changes import notice_ends
from scheduling.booking_pages import DayLink, TimeButton, other_clock, parts_of_day, zone_note
from scheduling.forms import LookForm
from scheduling.models import CLOSES_AFTER, OPENS_BEFORE, Appointment, State
from scheduling.selectors import week_of
from scheduling.wording import clock_change_sentence


@dataclass(frozen=True)
class Row:
    """For components/appointment_row.html."""

    appointment: Appointment
    reader: str


@dataclass(frozen=True)
class DetailPage:
    reader: str
    when: str
    child_when: str
    therapist_when: str
    clock_sentence: str
    minutes: int
    is_over: bool
    join_url: str
    may_change: bool
    is_late: bool
    notice_until: str


@dataclass(frozen=True)
class MovePage:
    when: str
    days: list[DayLink]
    parts: list[tuple[str, list[TimeButton]]]
    earlier_url: str
    later_url: str
    zone_note: str
    day: date | None
    minutes: int
    is_empty: bool
    wanted: str
    wanted_when: str


def reader_of(appointment: Appointment, user: User) -> str:
    if user.pk == appointment.therapist.user_id:
        return "therapist"
    return "child" if user.pk == appointment.child.user_id else "guardian"


def rows(appointments: Iterable[Appointment], user: User) -> list[Row]:
    return [Row(appointment, reader_of(appointment, user)) for appointment in appointments]


_BOOKABLE = Prepared(
    lambda: (
        people.visible_children(people.SOMEBODY, people.Verb.BOOK, NOW)
        .filter(guardian_links__guardian=PERSON)
        .distinct()
    )
)


def bookable_children(user: User) -> list[Child]:
    """For a family: the children to book for. A therapist books from the caseload."""
    return _BOOKABLE.rows({PERSON: user.pk, NOW: timezone.now()})


def join_url(appointment: Appointment, user: User, now: datetime) -> str:
    """While its room is open: the device check, or for the therapist the room; else "".

    It may run late. With an outcome it is over.
    """
    opens, closes = appointment.starts_at - OPENS_BEFORE, appointment.ends_at + CLOSES_AFTER
    if appointment.state != State.BOOKED or appointment.outcome or not opens <= now < closes:
        return ""
    is_therapist = user.pk == appointment.therapist.user_id
    if not is_therapist and not people.can(user, people.Verb.ATTEND, appointment.child):
        return ""
    try:
        return reverse("session_room" if is_therapist else "session_check", args=[appointment.pk])
    except NoReverseMatch:  # the pages of the live session are another app, above this one
        return ""


def detail(appointment: Appointment, user: User, *, now: datetime) -> DetailPage:
    is_open = appointment.state == State.BOOKED and appointment.starts_at > now
    zone, reader = user.zone, reader_of(appointment, user)
    if reader == "guardian" and people.can(user, people.Verb.READ, appointment.child):
        reader = "team"
    return DetailPage(
        reader=reader,
        when=spoken(appointment.starts_at, zone, now=now)
        if reader == "child"
        else label(appointment.starts_at, zone),
        child_when=other_clock(appointment.starts_at, user, zone_for(user, appointment.child)),
        therapist_when=other_clock(appointment.starts_at, user, appointment.therapist.user.zone),
        clock_sentence=clock_change_sentence(appointment.starts_at, now=now, zone=zone)
        if is_open
        else "",
        minutes=minutes_of(appointment),
        is_over=appointment.ends_at <= now,
        join_url=join_url(appointment, user, now),
        may_change=is_open and access.can(user, access.Verb.CHANGE, appointment),
        is_late=is_open and now > notice_ends(appointment),
        notice_until=label(notice_ends(appointment), zone),
    )


def move(appointment: Appointment, user: User, look: LookForm, *, now: datetime) -> MovePage:
    """The same therapist's times; the appointment's own time does not stand in its way."""
    desk = availability.open_desk(
        appointment.child,
        now=now,
        viewer=user,
        therapist_id=appointment.therapist_id,
        ignoring=appointment,
    )
    minutes = minutes_of(appointment)
    offers = [o for o in desk.offers(minutes) if o.starts_at != appointment.starts_at]
    wanted_day = look.wish("day") or local(appointment.starts_at, user.zone).date()
    week = week_of(offers, wanted=wanted_day, zone=user.zone)
    base = reverse("appointment_move", args=[appointment.pk])
    chosen = week.chosen if week else None
    pressed = look.wish("starts_at")
    return MovePage(
        when=label(appointment.starts_at, user.zone),
        days=[
            DayLink(day.date, f"{base}?day={day.date}", len(day.offers), day.chosen)
            for day in (week.days if week else ())
        ],
        parts=parts_of_day(chosen, user, appointment.child, names=False),
        earlier_url=f"{base}?day={week.earlier}" if week and week.earlier else "",
        later_url=f"{base}?day={week.later}" if week and week.later else "",
        zone_note=zone_note(chosen, user),
        day=chosen.date if chosen else None,
        minutes=minutes,
        is_empty=week is None,
        wanted=pressed.isoformat() if pressed else "",
        wanted_when=label(pressed, user.zone) if pressed else "",
    )
