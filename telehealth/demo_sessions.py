"""The demo clinic's sessions: weeks of them behind, one to come, and one about to start.

What is still to come is booked by the same actions as a family's; the past cannot be, so it is
written as the actions would have left it.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Child, Therapist, User
from core.actors import SystemActor
from core.audit.actions import record
from core.timezones import local
from scheduling import actions as scheduling
from scheduling import reminders
from scheduling.availability import Offer, open_desk
from scheduling.locks import take_turns
from scheduling.models import (
    Appointment,
    CancelReason,
    Outcome,
    State,
    WhoJoins,
)
from sessions_app.models import NoteFormat, Part, Participant, Place, SessionNote, SessionState
from sessions_app.models import Session as LiveSession
from telehealth.demo_clinic import NOTES

CLINIC = SystemActor("demo_clinic")
CHILD, THERAPIST = "sam", "amara"
LENGTH = timedelta(minutes=50)
AHEAD = timedelta(minutes=10)
# While the demo runs: how late people may be, and how long an ended session is left in peace.
LATE, PEACE = timedelta(minutes=25), timedelta(minutes=20)
WEEKS_BEHIND = 4


def guardian_of(child: Child) -> User:
    return child.guardian_links.earliest("started_at").guardian


def history(child: Child, person: Therapist, position: int) -> None:
    """A weekly rhythm: the next session by the family's own booking, the earlier ones behind it."""
    coming = book_next(child, person, position)
    zone = child.user.zone
    for weeks in range(1, WEEKS_BEHIND + 1):
        # by the family's clock, also across a clock change
        starts_at = (local(coming.starts_at, zone) - timedelta(weeks=weeks)).astimezone(UTC)
        free = not overlapping(child, person, starts_at, starts_at + LENGTH)
        if free and starts_at + LENGTH + timedelta(hours=1) < timezone.now():
            past(child, person, starts_at, weeks, position)


def book_next(child: Child, person: Therapist, position: int) -> Appointment:
    guardian = guardian_of(child)
    now = timezone.now()
    first = now + timedelta(days=2 + position % 4)
    desk = open_desk(child, now=now, therapist_id=person.pk)
    offers = [offer for offer in desk.offers(50) if offer.starts_at >= first]
    best = min(offers, key=lambda offer: _awkward(offer, child))
    held = scheduling.hold(
        actor=guardian, child=child, therapist=person, starts_at=best.starts_at, minutes=50
    )
    return scheduling.confirm(actor=guardian, appointment=held, who_joins=WhoJoins.CHILD)


def _awkward(offer: Offer, child: Child) -> tuple[bool, datetime]:
    """The first time by day; a time at night, where the therapist is far away, only at need."""
    return not 9 <= local(offer.starts_at, child.user.zone).hour < 19, offer.starts_at


def past(child: Child, person: Therapist, starts_at: datetime, weeks: int, position: int) -> None:
    appointment = Appointment(
        child=child,
        therapist=person,
        starts_at=starts_at,
        ends_at=starts_at + LENGTH,
        state=State.BOOKED,
        who_joins=WhoJoins.CHILD,
        booked_by=guardian_of(child),
        created_at=starts_at - timedelta(days=6),
        outcome=Outcome.COMPLETED,
    )
    if weeks == 2 and position % 2:
        appointment.state, appointment.cancel_reason = State.CANCELLED, CancelReason.FLARE
        appointment.cancelled_at = starts_at - timedelta(hours=3)
        appointment.cancelled_by = appointment.booked_by
        appointment.outcome = Outcome.FLARE
    appointment.save()
    if appointment.state == State.BOOKED:
        attended(appointment)
        write_note(appointment, weeks, position)


def attended(appointment: Appointment) -> None:
    begun, ended = appointment.starts_at, appointment.ends_at - timedelta(minutes=2)
    session = LiveSession.objects.create(
        appointment=appointment, state=SessionState.ENDED, started_at=begun, ended_at=ended
    )
    people = {
        Part.CHILD: appointment.child.user,
        Part.THERAPIST: appointment.therapist.user,
    }
    Participant.objects.bulk_create(
        Participant(
            session=session,
            user=user,
            part=part,
            place=Place.LEFT,
            joined_at=begun,
            left_at=ended,
        )
        for part, user in people.items()
    )


def write_note(appointment: Appointment, weeks: int, position: int) -> None:
    """Signed, but for the last session: there some have a draft and some nothing yet."""
    if weeks == 1 and position % 3 == 1:
        return
    signed = weeks > 1 or position % 3 == 2
    name, sections = NOTES[(weeks + position) % len(NOTES)]
    written = appointment.ends_at + timedelta(minutes=12)
    SessionNote.objects.create(
        appointment=appointment,
        author=appointment.therapist.user,
        format=NoteFormat(name),
        sections=sections if signed else dict(list(sections.items())[:2]),
        revision=1,
        updated_at=written,
        signed_at=written if signed else None,
    )


# --- the session that is about to start -----------------------------------------------------------


@transaction.atomic
def keep_one_about_to_start(*, patient: bool = False) -> Appointment:
    """Sam and Amara meet in ten minutes, whenever somebody looks; answers their latest session.

    At a start at once. `patient`, while the demo runs: people may be late, and an ended session is
    left in peace for its note. A session that nobody came to is moved, so that a demo left running
    overnight does not fill a child's record with missed ones.
    """
    if not settings.DEMO:
        raise RuntimeError("only the demo invents sessions")
    child = Child.objects.get(user__username=CHILD)
    person = Therapist.objects.get(user__username=THERAPIST)
    take_turns(therapists=[person.pk], children=[child.pk])
    now = timezone.now()
    latest = (
        Appointment.objects.booked()
        .filter(child=child, therapist=person, starts_at__lte=now + AHEAD + timedelta(minutes=2))
        .order_by("starts_at")
        .last()
    )
    if latest is None or (came(latest) and is_over(latest, now)) or latest.outcome:
        if latest is not None and patient and now < over_since(latest) + PEACE:
            return latest
        return new_one(child, person, now)
    if came(latest) or now < latest.starts_at + (LATE if patient else timedelta(0)):
        return latest
    return move(latest, make_room(child, person, now, but=latest))


def came(appointment: Appointment) -> bool:
    return Participant.objects.filter(session__appointment=appointment).exists()


def is_over(appointment: Appointment, now: datetime) -> bool:
    return over_since(appointment) <= now


def over_since(appointment: Appointment) -> datetime:
    session = LiveSession.objects.filter(appointment=appointment).first()
    ended = session.ended_at if session is not None else None
    return min(ended or appointment.ends_at, appointment.ends_at)


def new_one(child: Child, person: Therapist, now: datetime) -> Appointment:
    starts_at = make_room(child, person, now)
    appointment = Appointment.objects.create(
        child=child,
        therapist=person,
        starts_at=starts_at,
        ends_at=starts_at + LENGTH,
        state=State.BOOKED,
        booked_by=guardian_of(child),
    )
    record(actor=CLINIC, action="appointment.book", obj=appointment, child_id=child.pk)
    reminders.tell(actor=CLINIC, appointment=appointment, kind=reminders.BOOKED)
    return appointment


def move(appointment: Appointment, starts_at: datetime) -> Appointment:
    length = appointment.ends_at - appointment.starts_at
    appointment.starts_at, appointment.ends_at = starts_at, starts_at + length
    appointment.sequence += 1
    appointment.save(update_fields=["starts_at", "ends_at", "sequence"])
    reminders.forget(actor=CLINIC, appointment=appointment)
    reminders.queue_reminders(actor=CLINIC, appointment=appointment)
    return appointment


def make_room(
    child: Child, person: Therapist, now: datetime, *, but: Appointment | None = None
) -> datetime:
    """The start of a free time in ten minutes (later only while somebody is in a session).

    A session that ended early gives its rest back; others move by whole days.
    """
    starts_at = (now + AHEAD).replace(second=0, microsecond=0)
    for other in overlapping(child, person, now, starts_at + LENGTH, but=but):
        if other.state == State.HELD:
            other.state = State.EXPIRED
            other.save(update_fields=["state"])
        elif not came(other):
            if other.ends_at > starts_at:
                put_off(other)
        elif is_over(other, now):
            give_back(other)
        else:
            starts_at = max(starts_at, other.ends_at)
    return starts_at


def put_off(other: Appointment) -> None:
    days = 1
    while overlapping(
        other.child,
        other.therapist,
        other.starts_at + timedelta(days=days),
        other.ends_at + timedelta(days=days),
    ):
        days += 1
    move(other, other.starts_at + timedelta(days=days))
    reminders.tell(actor=CLINIC, appointment=other, kind=reminders.MOVED)


def give_back(other: Appointment) -> None:
    """As long as it really was: people who met early and ended early can meet again at once."""
    ended = over_since(other)
    other.starts_at = min(other.starts_at, ended - timedelta(minutes=1))
    other.ends_at = ended
    other.save(update_fields=["starts_at", "ends_at"])


def overlapping(
    child: Child,
    person: Therapist,
    starts_at: datetime,
    ends_at: datetime,
    *,
    but: Appointment | None = None,
) -> list[Appointment]:
    rows = Appointment.objects.blocking().filter(Q(child=child) | Q(therapist=person))
    rows = rows.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).order_by("starts_at")
    return list(rows.exclude(pk=but.pk) if but is not None else rows)
