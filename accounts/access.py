"""Who may do what with a child's record. One rule, four questions; nothing else decides.

The rule: each verb names the relations that allow it. A relation can be asked from both sides
(which children has this person; which people has this child), so the four answers agree.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet, TextChoices, Value
from django.utils import timezone

from accounts.models import Assent, CareTeamMembership, Child, Role, Scope, StaffMembership, User
from core.actors import Actor
from core.errors import NotVisible


class Verb(TextChoices):
    SEE = "see"  # name, picture, appointments, whether consent stands
    BOOK = "book"
    CONSENT = "consent"
    ASSENT = "assent"
    MANAGE_SIGN_IN = "manage_sign_in"
    JOIN = "join"
    TREAT = "treat"  # clinical record: notes, chat, checklist


def open_now(prefix: str = "") -> Q:
    """A dated relation at `prefix` holds now."""
    now = timezone.now()
    return Q(**{f"{prefix}started_at__lte": now}) & (
        Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": now})
    )


@dataclass(frozen=True)
class Relation:
    children: Callable[[User], Q]  # filter on Child
    people: Callable[[Child], Q]  # filter on User


def _guardian(scope: Scope | None = None) -> Relation:
    def children(user: User) -> Q:
        links = user.guardian_links.filter(open_now(""))
        if scope is not None:
            links = links.filter(scopes__contains=[scope])
        return Q(pk__in=links.values("child_id"))

    def people(child: Child) -> Q:
        links = child.guardian_links.filter(open_now(""))
        if scope is not None:
            links = links.filter(scopes__contains=[scope])
        return Q(pk__in=links.values("guardian_id"))

    return Relation(children, people)


SELF = Relation(lambda user: Q(user=user), lambda child: Q(pk=child.user_id))


def _care_team_children(user: User) -> Q:
    rows = CareTeamMembership.objects.filter(
        open_now(""),
        therapist__user=user,
        therapist__user__staff_memberships__in=user.staff_memberships.filter(
            open_now(""), role=Role.THERAPIST
        ),
    )
    return Q(pk__in=rows.values("child_id"))


def _care_team_people(child: Child) -> Q:
    working = StaffMembership.objects.filter(open_now(""), role=Role.THERAPIST)
    rows = child.care_team.filter(open_now(""), therapist__user__in=working.values("user_id"))
    return Q(pk__in=rows.values("therapist__user_id"))


CARE_TEAM = Relation(_care_team_children, _care_team_people)

ALLOWED: dict[Verb, tuple[Relation, ...]] = {
    Verb.SEE: (SELF, _guardian(), CARE_TEAM),
    Verb.BOOK: (_guardian(Scope.BOOK), CARE_TEAM),
    Verb.CONSENT: (_guardian(Scope.CONSENT),),
    Verb.ASSENT: (SELF,),
    # Not every guardian: who sets the passphrase can read and answer as the child.
    Verb.MANAGE_SIGN_IN: (_guardian(Scope.CONSENT), CARE_TEAM),
    Verb.JOIN: (SELF, _guardian(Scope.JOIN), CARE_TEAM),
    Verb.TREAT: (CARE_TEAM,),
}


def visible_children(actor: Actor, verb: Verb = Verb.SEE) -> QuerySet[Child]:
    """The children with whom `actor` may do `verb`. Unknown actors and verbs get none."""
    if not isinstance(actor, User) or not actor.is_active or verb not in ALLOWED:
        return Child.objects.none()
    rule = Q(pk__in=[])
    for relation in ALLOWED[verb]:
        rule |= relation.children(actor)
    return Child.objects.filter(rule, user__is_active=True).select_related("user")


def can(actor: Actor, verb: Verb, child: Child) -> bool:
    return visible_children(actor, verb).filter(pk=child.pk).exists()


def get_child_for(actor: Actor, child_id: uuid.UUID, verb: Verb) -> Child:
    """The child, or NotVisible: a stranger cannot tell an unknown id from a foreign one."""
    child = visible_children(actor, verb).filter(pk=child_id).first()
    if child is None:
        raise NotVisible
    return child


def people_who_can(verb: Verb, child: Child) -> QuerySet[User]:
    """Everybody who may do `verb` with `child`; for mailers and live updates."""
    if verb not in ALLOWED or not child.user.is_active:
        return User.objects.none()
    rule = Q(pk__in=[])
    for relation in ALLOWED[verb]:
        rule |= relation.people(child)
    return User.objects.filter(rule, is_active=True)


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
