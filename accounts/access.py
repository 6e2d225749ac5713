"""Who may do what with a child's record. One rule, four questions; nothing else decides.

The rule: each verb names the relations that allow it. A relation can be asked from both sides
(which children has this person; which people has this child), so the four answers agree.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
)
from django.utils import timezone

from accounts.models import (
    Assent,
    CareTeamMembership,
    Child,
    GuardianLink,
    Role,
    Scope,
    StaffMembership,
    User,
)
from core.actors import Actor
from core.errors import NotVisible


class Verb(TextChoices):
    SEE = "see"  # name, picture, appointments, whether consent stands
    BOOK = "book"
    CONSENT = "consent"
    ASSENT = "assent"
    MANAGE_SIGN_IN = "manage_sign_in"
    JOIN = "join"
    ATTEND = "attend"  # be in a session as family: the child, or who may join
    TREAT = "treat"  # clinical record: notes, chat, checklist


def open_now(prefix: str = "") -> Q:
    """A dated relation at `prefix` holds now."""
    now = timezone.now()
    return Q(**{f"{prefix}started_at__lte": now}) & (
        Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": now})
    )


@dataclass(frozen=True)
class Relation:
    """Rows that each tie one person to one child, asked from either side or as a pair."""

    rows: Callable[[], QuerySet[Any]]
    person: str  # the row's paths to the two
    child: str

    def children(self, user: User) -> Q:
        return Q(pk__in=self.rows().filter(**{self.person: user.pk}).values(self.child))

    def people(self, child: Child) -> Q:
        return Q(pk__in=self.rows().filter(**{self.child: child.pk}).values(self.person))

    def ties(self, person: str, child: str) -> Q:
        pair = {self.person: OuterRef(person), self.child: OuterRef(child)}
        return Q(Exists(self.rows().filter(**pair)))


def _guardian(scope: Scope | None = None) -> Relation:
    def rows() -> QuerySet[Any]:
        # At 18 it ends by this rule, at midnight where the child is, whatever a task has done.
        links = GuardianLink.objects.filter(open_now(""), child__adult_at__gt=timezone.now())
        return links.filter(scopes__contains=[scope]) if scope is not None else links

    return Relation(rows, "guardian", "child")


def _care_team() -> QuerySet[Any]:
    working = StaffMembership.objects.filter(open_now(""), role=Role.THERAPIST)
    return CareTeamMembership.objects.filter(
        open_now(""), therapist__user__in=working.values("user_id")
    )


def _adults() -> QuerySet[Any]:
    return Child.objects.filter(adult_at__lte=timezone.now())


SELF = Relation(Child.objects.all, "user", "pk")
ADULT_SELF = Relation(_adults, "user", "pk")  # a young person of 18 or older decides alone
CARE_TEAM = Relation(_care_team, "therapist__user", "child")

ALLOWED: dict[Verb, tuple[Relation, ...]] = {
    Verb.SEE: (SELF, _guardian(), CARE_TEAM),
    Verb.BOOK: (_guardian(Scope.BOOK), CARE_TEAM, ADULT_SELF),
    Verb.CONSENT: (_guardian(Scope.CONSENT), ADULT_SELF),
    Verb.ASSENT: (SELF,),
    # Not every guardian: who sets the passphrase can read and answer as the child.
    Verb.MANAGE_SIGN_IN: (_guardian(Scope.CONSENT), CARE_TEAM, ADULT_SELF),
    Verb.JOIN: (SELF, _guardian(Scope.JOIN), CARE_TEAM),
    Verb.ATTEND: (SELF, _guardian(Scope.JOIN)),
    Verb.TREAT: (CARE_TEAM,),
}


def visible_children(actor: Actor, verb: Verb = Verb.SEE) -> QuerySet[Child]:
    """The children with whom `actor` may do `verb`. Unknown actors and verbs get none."""
    if not isinstance(actor, User) or not actor.is_active or verb not in ALLOWED:
        return Child.objects.none()
    return Child.objects.filter(_rule(actor, verb), user__is_active=True).select_related("user")


def _rule(actor: User, verb: Verb) -> Q:
    rule = Q(pk__in=[])
    for relation in ALLOWED[verb]:
        rule |= relation.children(actor)
    return rule


def can(actor: Actor, verb: Verb, child: Child) -> bool:
    return visible_children(actor, verb).filter(pk=child.pk).exists()


def get_child_for(actor: Actor, child_id: uuid.UUID, verb: Verb) -> Child:
    """The child, or NotVisible: a stranger cannot tell an unknown id from a foreign one."""
    child = visible_children(actor, verb).filter(pk=child_id).first()
    if child is None:
        raise NotVisible
    return child


def with_verbs(actor: Actor, children: QuerySet[Child]) -> list[tuple[Child, set[Verb]]]:
    """These children, each with every verb that `can` would allow, in the same query."""
    if not isinstance(actor, User) or not actor.is_active:
        return []
    asked = {
        f"may_{verb}": ExpressionWrapper(_rule(actor, verb), BooleanField()) for verb in ALLOWED
    }
    found = children.annotate(**asked)
    return [(child, {verb for verb in ALLOWED if getattr(child, f"may_{verb}")}) for child in found]


def get_child_and_verbs_for(actor: Actor, child_id: uuid.UUID) -> tuple[Child, set[Verb]]:
    """The child somebody may see, with every verb that `can` would allow, in one query."""
    found = with_verbs(actor, visible_children(actor).filter(pk=child_id))
    if not found:
        raise NotVisible
    return found[0]


def people_who_can(verb: Verb, child: Child) -> QuerySet[User]:
    """Everybody who may do `verb` with `child`; for mailers and live updates."""
    if verb not in ALLOWED or not child.user.is_active:
        return User.objects.none()
    rule = Q(pk__in=[])
    for relation in ALLOWED[verb]:
        rule |= relation.people(child)
    return User.objects.filter(rule, is_active=True)


def allowed_pair(verb: Verb, *, person: str, child: str) -> Q:
    """For rows that name both (by these paths): this person may do `verb` with this child.

    The same rule for many rows in one query; an unknown verb allows nobody.
    """
    rule = Q(pk__in=[])
    for relation in ALLOWED.get(verb, ()):
        rule |= relation.ties(person, child)
    return rule & Q(**{f"{person}__is_active": True, f"{child}__user__is_active": True})


def roles_of(user: User) -> list[str]:
    """Every hat a person wears now: for the home page and the audit's snapshot."""
    staff = user.staff_memberships.filter(open_now("")).values_list("role")
    guardian = user.guardian_links.filter(open_now("")).values_list(Value("guardian"))
    child = Child.objects.filter(user=user).values_list(Value("child"))
    # One query, not three: every page asks for this.
    return [role for (role,) in staff.union(guardian, child)]


def has_role(user: Actor, role: Role) -> bool:
    return (
        isinstance(user, User)
        and user.is_active
        and user.staff_memberships.filter(open_now(""), role=role).exists()
    )


def get_colleague_for(actor: Actor, membership_id: uuid.UUID) -> StaffMembership:
    """Somebody who works here now, for the practice manager; NotVisible for everybody else."""
    found = StaffMembership.objects.current().select_related("user").filter(pk=membership_id)
    colleague: StaffMembership | None = found.first() if has_role(actor, Role.MANAGER) else None
    if colleague is None:
        raise NotVisible
    return colleague


def check_adult(actor: Actor) -> None:
    """NotVisible for a child: nobody who is in care here looks after another child here."""
    if not isinstance(actor, User) or Child.objects.filter(user=actor).exists():
        raise NotVisible


def get_own_child(actor: Actor) -> Child:
    """The child who is signed in; NotVisible for everybody else."""
    child = visible_children(actor, Verb.ASSENT).first()
    if child is None:
        raise NotVisible
    return child


def get_assent_for(actor: Actor, assent_id: uuid.UUID) -> Assent:
    """A child's answer, for the care team that may reply to its question."""
    assent = (
        Assent.objects.filter(pk=assent_id, child__in=visible_children(actor, Verb.TREAT))
        .select_related("child__user", "replied_by")
        .first()
    )
    if assent is None:
        raise NotVisible
    return assent
