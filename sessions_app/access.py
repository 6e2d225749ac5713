"""Who may come near a session, and as whom. Checked on connect and on every message.

The rule: family enters by its relation to the child; of the care team only the therapist of this
very appointment does, and only they run it.

A stranger gets NotVisible, the same as for an id that does not exist. Those who belong but may not
come in now get a reason.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db.models import F, Q, QuerySet, TextChoices
from django.utils import timezone

from accounts import access as people
from accounts.access import SOMEBODY
from accounts.models import User
from accounts.selectors import consent_status
from core.actors import Actor
from core.errors import NotVisible
from core.prepared import NOW, PERSON, SUBJECT, Prepared
from scheduling.models import CLOSES_AFTER, OPENS_BEFORE, Appointment, State
from sessions_app.errors import ConsentMissing, Ended, NotOpen
from sessions_app.models import Part, SessionState


class Verb(TextChoices):
    ENTER = "enter"  # check, wait, room, chat
    RUN = "run"  # the therapist of this appointment: checklist, admit, end, note


STATES = frozenset({State.BOOKED, State.CANCELLED})


@dataclass(frozen=True)
class Seat:
    """Somebody's place in one appointment's session."""

    user: User
    appointment: Appointment
    part: Part


def visible_appointments(
    actor: Actor, verb: Verb = Verb.ENTER, now: datetime | None = None
) -> QuerySet[Appointment]:
    if not isinstance(actor, User) or verb not in Verb:
        return Appointment.objects.none()
    rule = Q(therapist__user=actor, child__in=people.visible_ids(actor, people.Verb.TREAT, now))
    if verb == Verb.ENTER:
        rule |= Q(child__in=people.visible_ids(actor, people.Verb.ATTEND, now))
    return Appointment.objects.filter(rule, state__in=STATES)


def part_of(user: User, appointment: Appointment) -> Part:
    """The part of somebody who may enter."""
    if appointment.child.user_id == user.pk:
        return Part.CHILD
    return Part.THERAPIST if appointment.therapist.user_id == user.pk else Part.GUARDIAN


def _one(verb: Verb) -> QuerySet[Appointment]:
    found = visible_appointments(SOMEBODY, verb, NOW).filter(pk=SUBJECT)
    return found.select_related("child__user", "therapist__user", "session")


_ONE = {verb: Prepared(partial(_one, verb)) for verb in Verb}


def get_seat_for(actor: Actor, appointment_id: uuid.UUID, verb: Verb = Verb.ENTER) -> Seat:
    """NotVisible for strangers and unknown ids alike."""
    if not isinstance(actor, User) or not actor.is_active or verb not in Verb:
        raise NotVisible
    values = {PERSON: actor.pk, SUBJECT: appointment_id, NOW: timezone.now()}
    for appointment in _ONE[verb].rows(values):
        return Seat(actor, appointment, part_of(actor, appointment))
    raise NotVisible


def can(actor: Actor, verb: Verb, appointment: Appointment) -> bool:
    return visible_appointments(actor, verb).filter(pk=appointment.pk).exists()


def people_who_can(verb: Verb, appointment: Appointment) -> QuerySet[User]:
    if verb not in Verb or appointment.state not in STATES:
        return User.objects.none()
    treats = people.people_who_can(people.Verb.TREAT, appointment.child)
    runs = treats.filter(pk=appointment.therapist.user_id)
    if verb == Verb.RUN:
        return runs
    return runs | people.people_who_can(people.Verb.ATTEND, appointment.child)


def still_allowed(now: datetime | None = None) -> Q:
    """For rows of Participant: this person may still be in this session by their relations."""
    child = "session__appointment__child"
    runs = Q(session__appointment__therapist__user=F("user"))
    family = people.allowed_pair(people.Verb.ATTEND, person="user", child=child, now=now)
    treats = people.allowed_pair(people.Verb.TREAT, person="user", child=child, now=now)
    return family | (runs & treats)


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
