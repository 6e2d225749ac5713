"""Who may read the log, take a copy, ask for erasure, and decide about it. One rule.

Derived from accounts.access: a verb here names a verb on the child or a relation, and an age.
"""

import uuid
from enum import StrEnum

from django.db.models import QuerySet

from accounts import access as people
from accounts.access_family import hidden_from
from accounts.models import Child, GuardianLink, Role, StaffMembership, User
from core.actors import Actor
from core.errors import NotVisible
from core.registry import Part, Reader
from records.models import Erasure, RecordCopy

DECIDERS = (Role.MANAGER, Role.SAFEGUARDING_LEAD)
OLDER = 12  # from this age a child reads who looked, and takes a copy (SAFETY.md)


class Verb(StrEnum):
    LOOK = "look"  # who looked at the record
    COPY = "copy"
    ASK_ERASURE = "ask_erasure"


def part_of(actor: Actor, child: Child, verb: Verb) -> Part | None:
    """As whom this person may do it; None for nobody."""
    if not isinstance(actor, User) or not people.can(actor, people.Verb.SEE, child):
        return None
    if child.user_id == actor.pk:
        return Part.CHILD if child.age >= OLDER else None
    if verb == Verb.LOOK:
        return Part.GUARDIAN if is_guardian(actor, child) else None
    if people.can(actor, people.Verb.CONSENT, child):
        return Part.GUARDIAN
    treats = verb == Verb.COPY and people.can(actor, people.Verb.TREAT, child)
    return Part.CARE_TEAM if treats else None


def is_guardian(actor: User, child: Child) -> bool:
    return GuardianLink.objects.current().filter(child=child, guardian=actor).exists()


def can(actor: Actor, verb: Verb, child: Child) -> bool:
    return part_of(actor, child, verb) is not None


def get_child_for(actor: Actor, child_id: uuid.UUID, verb: Verb) -> tuple[Child, Reader]:
    """The child, and as whom and without what this person reads; or NotVisible."""
    child = people.get_child_for(actor, child_id, people.Verb.SEE)
    part = part_of(actor, child, verb)
    if part is None or not isinstance(actor, User):
        raise NotVisible
    return child, reader(actor, child, part)


def visible_children(actor: Actor, verb: Verb) -> list[Child]:
    return [child for child in people.visible_children(actor) if can(actor, verb, child)]


def people_who_can(verb: Verb, child: Child) -> list[User]:
    return [u for u in people.people_who_can(people.Verb.SEE, child) if can(u, verb, child)]


def reader(user: User, child: Child, part: Part) -> Reader:
    return Reader(user.pk, part, hidden_from(user, child))


# --- the clinic's side ----------------------------------------------------------------------------


def decides(actor: Actor) -> bool:
    """The practice manager and the safeguarding lead decide about erasure and holds."""
    return any(people.has_role(actor, role) for role in DECIDERS)


def check_decides(actor: Actor) -> None:
    if not decides(actor):
        raise NotVisible


def deciders(*roles: Role) -> QuerySet[User]:
    """Who is told of requests and nights; for mailers. All who decide, or one role of them."""
    work = StaffMembership.objects.current().filter(role__in=roles or DECIDERS)
    return User.objects.filter(pk__in=work.values("user_id"), is_active=True)


def managers() -> QuerySet[User]:
    return deciders(Role.MANAGER)


def visible_erasures(actor: Actor) -> QuerySet[Erasure]:
    return Erasure.objects.all() if decides(actor) else Erasure.objects.none()


def get_erasure_for(actor: Actor, erasure_id: uuid.UUID) -> Erasure:
    found = visible_erasures(actor).filter(pk=erasure_id).first()
    if found is None:
        raise NotVisible
    return found


def get_copy_for(actor: Actor, copy_id: uuid.UUID) -> RecordCopy:
    """One's own copy, as long as one may still have one; NotVisible for everybody else."""
    if not isinstance(actor, User):
        raise NotVisible
    copy = (
        RecordCopy.objects.select_related("child__user").filter(pk=copy_id, asked_by=actor).first()
    )
    if copy is None or not can(actor, Verb.COPY, copy.child):
        raise NotVisible
    return copy
