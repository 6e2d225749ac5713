"""Who may come near a session, and as whom. Checked on connect and on every message.

A stranger gets NotVisible, the same as for an id that does not exist. Those who belong but may not
come in now get a reason.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet, TextChoices
from django.utils import timezone

from accounts import access as people
from accounts.models import User
from accounts.selectors import consent_status
from core.actors import Actor
from core.errors import NotVisible
from scheduling.models import Appointment, State
from sessions_app.errors import ConsentMissing, Ended, NotOpen
from sessions_app.models import Part, SessionState

OPENS_BEFORE = timedelta(minutes=15)
CLOSES_AFTER = timedelta(minutes=60)


class Verb(TextChoices):
    ENTER = "enter"  # check, wait, room, chat
    RUN = "run"  # the therapist of this appointment: checklist, admit, end, note
    READ_CHAT = "read_chat"  # afterwards


ON_CHILD = {
    Verb.ENTER: people.Verb.JOIN,
    Verb.RUN: people.Verb.TREAT,
    Verb.READ_CHAT: people.Verb.JOIN,
}


@dataclass(frozen=True)
class Seat:
    """Somebody's place in one appointment's session."""

    user: User
    appointment: Appointment
    part: Part


def visible_appointments(actor: Actor, verb: Verb = Verb.ENTER) -> QuerySet[Appointment]:
    if not isinstance(actor, User) or verb not in ON_CHILD:
        return Appointment.objects.none()
    children = people.visible_children(actor, ON_CHILD[verb])
    found = Appointment.objects.filter(
        child__in=children.values("pk"), state__in=[State.BOOKED, State.CANCELLED]
    )
    return found.filter(therapist__user=actor) if verb == Verb.RUN else found


def part_of(user: User, appointment: Appointment) -> Part | None:
    """A therapist of the care team who does not give this session has no part in it."""
    if appointment.child.user_id == user.pk:
        return Part.CHILD
    if appointment.therapist.user_id == user.pk:
        return Part.THERAPIST
    if appointment.child.guardian_links.filter(people.open_now(), guardian=user).exists():
        return Part.GUARDIAN
    return None


def get_seat_for(actor: Actor, appointment_id: uuid.UUID, verb: Verb = Verb.ENTER) -> Seat:
    """NotVisible for strangers and unknown ids alike."""
    appointment = (
        visible_appointments(actor, verb)
        .select_related("child__user", "therapist__user", "session")
        .filter(pk=appointment_id)
        .first()
    )
    if appointment is None or not isinstance(actor, User):
        raise NotVisible
    part = part_of(actor, appointment)
    if part is None:
        raise NotVisible
    return Seat(actor, appointment, part)


def can(actor: Actor, verb: Verb, appointment: Appointment) -> bool:
    return visible_appointments(actor, verb).filter(pk=appointment.pk).exists()


def people_who_can(verb: Verb, appointment: Appointment) -> QuerySet[User]:
    if verb not in ON_CHILD or appointment.state not in {State.BOOKED, State.CANCELLED}:
        return User.objects.none()
    found = people.people_who_can(ON_CHILD[verb], appointment.child)
    return found.filter(pk=appointment.therapist.user_id) if verb == Verb.RUN else found


def check_open(seat: Seat) -> None:
    """Raise why this person may not be in the room now: Ended, NotOpen, ConsentMissing."""
    appointment, now = seat.appointment, timezone.now()
    session = getattr(appointment, "session", None)
    if appointment.state != State.BOOKED or (session and session.state == SessionState.ENDED):
        raise Ended
    if now < appointment.starts_at - OPENS_BEFORE:
        raise NotOpen
    live = session is not None and session.state == SessionState.LIVE
    if now > appointment.ends_at + CLOSES_AFTER and not live:
        raise Ended
    # The therapist may be in the room to see that consent is missing; nobody can be let in then.
    if seat.part != Part.THERAPIST and not consent_status(appointment.child).stands:
        raise ConsentMissing


def enter(actor: Actor, appointment_id: uuid.UUID) -> Seat:
    """The seat of somebody who may be here now."""
    seat = get_seat_for(actor, appointment_id)
    check_open(seat)
    return seat
