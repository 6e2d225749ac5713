"""Who may do what with an appointment. One rule, derived from accounts.access.

A verb here names a verb on the child, the states in which it makes sense, and sometimes that one
particular person must be asking (the one who holds the time, the therapist who gives the session).
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db.models import Q, QuerySet, TextChoices
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts import access as people
from accounts.access import SOMEBODY
from accounts.models import Child, Licence, Role, StaffMembership, Therapist, User
from core.actors import Actor
from core.errors import NotVisible
from core.prepared import EACH_WORD, FIRST_DAY, LAST_DAY, NOW, PERSON, SUBJECT, Prepared
from scheduling.models import Appointment, AppointmentQuerySet, State


class Verb(TextChoices):
    SEE = "see"
    CONFIRM = "confirm"  # the hold's own page, also after it was booked or let go
    CHANGE = "change"
    CANCEL = "cancel"
    RUN = "run"  # the therapist's side of the session


@dataclass(frozen=True)
class Rule:
    """`only` is the path from an appointment to the one user who may; "" for everybody who can."""

    on_child: people.Verb
    states: tuple[State, ...]
    only: str = ""


SETTLED = (State.BOOKED, State.CANCELLED)

RULES: dict[Verb, Rule] = {
    Verb.SEE: Rule(people.Verb.SEE, SETTLED),
    Verb.CONFIRM: Rule(people.Verb.BOOK, tuple(State), only="booked_by"),
    Verb.CHANGE: Rule(people.Verb.BOOK, SETTLED),
    Verb.CANCEL: Rule(people.Verb.BOOK, SETTLED),
    Verb.RUN: Rule(people.Verb.TREAT, SETTLED, only="therapist__user"),
}


def visible_appointments(
    actor: Actor, verb: Verb = Verb.SEE, now: datetime | None = None
) -> AppointmentQuerySet:
    """The appointments with which `actor` may do `verb`. Unknown actors and verbs get none."""
    if not isinstance(actor, User) or verb not in RULES:
        return Appointment.objects.none()
    rule = RULES[verb]
    found = Appointment.objects.filter(
        child__in=people.visible_ids(actor, rule.on_child, now), state__in=rule.states
    )
    return found.filter(**{rule.only: actor}) if rule.only else found


def own_appointments(actor: Actor, now: datetime | None = None) -> AppointmentQuerySet:
    """For a list or calendar of one's own: of all clinicians only whoever gives the session."""
    found = visible_appointments(actor, now=now)
    if not isinstance(actor, User):
        return found
    read = people.visible_ids(actor, people.Verb.READ, now)
    return found.filter(Q(therapist__user=actor) | ~Q(child__in=read))


def can(actor: Actor, verb: Verb, appointment: Appointment) -> bool:
    return visible_appointments(actor, verb).filter(pk=appointment.pk).exists()


def _one(verb: Verb) -> QuerySet[Appointment]:
    found = visible_appointments(SOMEBODY, verb, NOW).filter(pk=SUBJECT)
    return found.select_related("child__user", "therapist__user")


_ONE = {verb: Prepared(partial(_one, verb)) for verb in RULES}


def get_appointment_for(actor: Actor, appointment_id: uuid.UUID, verb: Verb) -> Appointment:
    """The appointment with its people, or NotVisible, which looks like an unknown id."""
    if not isinstance(actor, User) or not actor.is_active or verb not in RULES:
        raise NotVisible
    values = {PERSON: actor.pk, SUBJECT: appointment_id, NOW: timezone.now()}
    for appointment in _ONE[verb].rows(values):
        return appointment
    raise NotVisible


def people_who_can(verb: Verb, appointment: Appointment) -> QuerySet[User]:
    """Everybody who may do `verb` with `appointment`; for mailers and live updates."""
    rule = RULES.get(verb)
    if rule is None or appointment.state not in rule.states:
        return User.objects.none()
    found = people.people_who_can(rule.on_child, appointment.child)
    if not rule.only:
        return found
    only = {
        "booked_by": appointment.booked_by_id,
        "therapist__user": appointment.therapist.user_id,
    }[rule.only]
    return found.filter(pk=only)


def working_therapists(now: datetime | None = None) -> QuerySet[Therapist]:
    """Therapists with an account that works here now."""
    working = StaffMembership.objects.current(now).filter(role=Role.THERAPIST)
    return Therapist.objects.filter(
        user__is_active=True, user__in=working.values("user_id")
    ).select_related("user")


def licence_places(child: Child) -> list[str]:
    """A licence for a whole country covers its regions: "GB" covers "GB-SCT", not the reverse."""
    return sorted({child.place, child.place.partition("-")[0]})


def bookable_therapists(child: Child, first: date, last: date) -> QuerySet[Therapist]:
    """Therapists with a licence for the child's place on some date in `first`..`last`.

    Which dates exactly is checked per time: see availability.
    """
    return _licensed(licence_places(child), first, last, timezone.now())


def _licensed(
    places: list[str] | RawSQL, first: date, last: date, now: datetime
) -> QuerySet[Therapist]:
    licences = Licence.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=first), place__in=places, valid_from__lte=last
    )
    return working_therapists(now).filter(pk__in=licences.values("therapist_id"))


def any_bookable() -> QuerySet[Therapist]:
    """`bookable_therapists` with blanks: the places in WORDS, from FIRST_DAY to LAST_DAY."""
    return _licensed(EACH_WORD, FIRST_DAY, LAST_DAY, NOW)


_OWN = Prepared(lambda: working_therapists(NOW).filter(user_id=PERSON))


def get_therapist_for(actor: Actor) -> Therapist:
    """The actor's own therapist record, whose hours only they may set; else NotVisible."""
    if not isinstance(actor, User):
        raise NotVisible
    for therapist in _OWN.rows({PERSON: actor.pk, NOW: timezone.now()}):
        return therapist
    raise NotVisible


def get_rhythm_child_for(actor: Actor, child_id: uuid.UUID) -> Child:
    """The child whose school and rest hours `actor` may set: whoever may book for them."""
    return people.get_child_for(actor, child_id, people.Verb.BOOK)
