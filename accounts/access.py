"""Who may do what with a child's record. One rule, four questions; nothing else decides.

The rule: each verb names the relations that allow it. A relation can be asked from both sides
(which children has this person; which people has this child), so the four answers agree.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
)
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.consent_standing import consent_status
from accounts.models import (
    Assent,
    AssentAnswer,
    BreakGlass,
    CareTeamMembership,
    Child,
    ConsentKind,
    ConsentMatter,
    ConsentSignature,
    GuardianLink,
    MatterKind,
    RiskFlag,
    Role,
    Scope,
    StaffMembership,
    Topic,
    User,
)
from core.actors import Actor
from core.errors import NotVisible
from core.prepared import NOW, PERSON, SUBJECT, Prepared


class Verb(TextChoices):
    SEE = "see"  # name, picture, appointments, whether consent stands
    BOOK = "book"
    CONSENT = "consent"
    ASSENT = "assent"
    MANAGE_SIGN_IN = "manage_sign_in"
    JOIN = "join"
    ATTEND = "attend"  # be in a session as family: the child, or who may join
    TREAT = "treat"  # write the clinical record, and say who belongs to the child
    READ = "read"  # the clinical record, to read
    SETTLE = "settle"  # what consent waits for: a review, a dispute, a child's question


@dataclass(frozen=True)
class Relation:
    """Rows that each tie one person to one child, asked from either side or as a pair."""

    rows: Callable[[datetime], QuerySet[Any]]  # those that hold at a moment
    person: str  # the row's paths to the two
    child: str
    name: str = ""  # one of accounts.doors.Hat

    def children(self, person_id: uuid.UUID, now: datetime) -> Q:
        return Q(pk__in=self.rows(now).filter(**{self.person: person_id}).values(self.child))

    def people(self, child: Child, now: datetime) -> Q:
        return Q(pk__in=self.rows(now).filter(**{self.child: child.pk}).values(self.person))

    def ties(self, person: str, child: str, now: datetime) -> Q:
        pair = {self.person: OuterRef(person), self.child: OuterRef(child)}
        return Q(Exists(self.rows(now).filter(**pair)))


def _guardian(scope: Scope | None = None) -> Relation:
    def rows(now: datetime) -> QuerySet[Any]:
        # At 18 it ends by this rule, at midnight where the child is, whatever a task has done.
        links = GuardianLink.objects.current(now).filter(child__adult_at__gt=now)
        return links.filter(scopes__contains=[scope]) if scope is not None else links

    return Relation(rows, "guardian", "child", f"guardian_{scope}" if scope else "guardian")


def _working(role: Role, now: datetime) -> QuerySet[Any]:
    return StaffMembership.objects.current(now).filter(role=role)


def _care_team(now: datetime) -> QuerySet[Any]:
    working = _working(Role.THERAPIST, now)
    return CareTeamMembership.objects.current(now).filter(
        therapist__user__in=working.values("user_id")
    )


def _opened(now: datetime) -> QuerySet[Any]:
    """Break-glass: for some hours, and only while they work here as a therapist."""
    working = _working(Role.THERAPIST, now)
    return BreakGlass.objects.current(now).filter(person__in=working.values("user_id"))


def _adults(now: datetime) -> QuerySet[Any]:
    return Child.objects.filter(adult_at__lte=now)


@dataclass(frozen=True)
class Waiting:
    """A safeguarding lead and the children whose consent waits for somebody to decide.

    A dispute or a review is theirs beside the care team's; a child's question only where there is
    no care team yet to answer it.
    """

    name = "lead_waiting"

    @staticmethod
    def _leads(now: datetime) -> QuerySet[Any]:
        return _working(Role.SAFEGUARDING_LEAD, now)

    @staticmethod
    def _asked(now: datetime) -> QuerySet[Any]:
        return Assent.objects.filter(answer=AssentAnswer.QUESTION, reply__isnull=True).exclude(
            child__in=_care_team(now).values("child")
        )

    @staticmethod
    def _open() -> QuerySet[Any]:
        return ConsentMatter.objects.filter(decided_at=None)

    def children(self, person_id: uuid.UUID, now: datetime) -> Q:
        waits = Q(pk__in=self._open().values("child")) | Q(pk__in=self._asked(now).values("child"))
        return waits & Q(Exists(self._leads(now).filter(user=person_id)))

    def people(self, child: Child, now: datetime) -> Q:
        waits = Q(Exists(self._open().filter(child=child.pk)))
        waits |= Q(Exists(self._asked(now).filter(child=child.pk)))
        return waits & Q(pk__in=self._leads(now).values("user"))

    def ties(self, person: str, child: str, now: datetime) -> Q:
        waits = Q(Exists(self._open().filter(child=OuterRef(child))))
        waits |= Q(Exists(self._asked(now).filter(child=OuterRef(child))))
        return waits & Q(Exists(self._leads(now).filter(user=OuterRef(person))))


SELF = Relation(lambda _now: Child.objects.all(), "user", "pk", "child")
ADULT_SELF = Relation(_adults, "user", "pk", "young_adult")  # 18 or older: decides alone
CARE_TEAM = Relation(_care_team, "therapist__user", "child", "care_team")
BREAK_GLASS = Relation(_opened, "person", "child", "break_glass")

LEAD = Waiting()

ALLOWED: dict[Verb, tuple[Relation | Waiting, ...]] = {
    Verb.SEE: (SELF, _guardian(), CARE_TEAM, BREAK_GLASS),
    Verb.BOOK: (_guardian(Scope.BOOK), CARE_TEAM, ADULT_SELF),
    Verb.CONSENT: (_guardian(Scope.CONSENT), ADULT_SELF),
    Verb.ASSENT: (SELF,),
    # Not every guardian: who sets the passphrase can read and answer as the child.
    Verb.MANAGE_SIGN_IN: (_guardian(Scope.CONSENT), CARE_TEAM, ADULT_SELF),
    Verb.JOIN: (SELF, _guardian(Scope.JOIN), CARE_TEAM),
    Verb.ATTEND: (SELF, _guardian(Scope.JOIN)),
    Verb.TREAT: (CARE_TEAM,),
    Verb.READ: (CARE_TEAM, BREAK_GLASS),
    Verb.SETTLE: (CARE_TEAM, LEAD),
}


def _ids(verb: Verb) -> QuerySet[Any, Any]:
    rule = Q(pk__in=[])
    for relation in ALLOWED[verb]:
        rule |= relation.children(PERSON, NOW)
    return Child.objects.filter(rule, user__is_active=True).values_list("pk")


# Whoever asks, in a query that is written once.
SOMEBODY = User(pk=PERSON)
NOBODY = RawSQL("SELECT NULL::uuid WHERE FALSE", ())
_IDS = {verb: Prepared(partial(_ids, verb)) for verb in ALLOWED}


def visible_ids(actor: Actor, verb: Verb, now: datetime | None = None) -> RawSQL:
    """The ids of `visible_children` as a sub-query, for rows that name a child."""
    if not isinstance(actor, User) or not actor.is_active or verb not in ALLOWED:
        return NOBODY
    return _IDS[verb].within({PERSON: actor.pk, NOW: now or timezone.now()})


def visible_children(
    actor: Actor, verb: Verb = Verb.SEE, now: datetime | None = None
) -> QuerySet[Child]:
    """The children with whom `actor` may do `verb`. Unknown actors and verbs get none."""
    return Child.objects.filter(pk__in=visible_ids(actor, verb, now)).select_related("user")


def can(actor: Actor, verb: Verb, child: Child) -> bool:
    return visible_children(actor, verb).filter(pk=child.pk).exists()


def _one(verb: Verb) -> QuerySet[Child]:
    # Beside the child the clock by which this person may read its times: access_family.zone_for.
    kept = RiskFlag.objects.current(NOW).filter(child=OuterRef("pk"), guardian=PERSON)
    kept = kept.filter(hides__contains=[Topic.ADDRESS])
    found = visible_children(SOMEBODY, verb, NOW).filter(pk=SUBJECT)
    return found.annotate(clock_kept=Subquery(kept.values("zone_shown")[:1]))


def may_columns(actor: User, now: datetime | None = None) -> dict[str, Any]:
    """For a query of children: a yes or no for each verb, which `verbs_beside` reads."""
    return {
        f"may_{verb}": ExpressionWrapper(Q(pk__in=visible_ids(actor, verb, now)), BooleanField())
        for verb in ALLOWED
    }


def verbs_beside(child: Child) -> set[Verb]:
    return {verb for verb in ALLOWED if getattr(child, f"may_{verb}")}


_ONE = {verb: Prepared(partial(_one, verb)) for verb in ALLOWED}
_ONE_AND_VERBS = Prepared(lambda: _one(Verb.SEE).annotate(**may_columns(SOMEBODY, NOW)))


def _the_one(asked: Prepared[Child], actor: Actor, child_id: uuid.UUID) -> Child:
    if not isinstance(actor, User) or not actor.is_active:
        raise NotVisible
    for child in asked.rows({PERSON: actor.pk, SUBJECT: child_id, NOW: timezone.now()}):
        return child
    raise NotVisible


def get_child_for(actor: Actor, child_id: uuid.UUID, verb: Verb) -> Child:
    """The child, or NotVisible: a stranger cannot tell an unknown id from a foreign one."""
    if verb not in ALLOWED:
        raise NotVisible
    return _the_one(_ONE[verb], actor, child_id)


def get_child_and_verbs_for(actor: Actor, child_id: uuid.UUID) -> tuple[Child, set[Verb]]:
    """The child somebody may see, with every verb that `can` would allow, in one query."""
    child = _the_one(_ONE_AND_VERBS, actor, child_id)
    return child, verbs_beside(child)


def people_who_can(verb: Verb, child: Child) -> QuerySet[User]:
    """Everybody who may do `verb` with `child`; for mailers and live updates."""
    if verb not in ALLOWED or not child.user.is_active:
        return User.objects.none()
    rule = Q(pk__in=[])
    for relation in ALLOWED[verb]:
        rule |= relation.people(child, timezone.now())
    return User.objects.filter(rule, is_active=True)


def allowed_pair(verb: Verb, *, person: str, child: str, now: datetime | None = None) -> Q:
    """For rows that name both (by these paths): this person may do `verb` with this child.

    The same rule for many rows in one query; an unknown verb allows nobody.
    """
    rule = Q(pk__in=[])
    for relation in ALLOWED.get(verb, ()):
        rule |= relation.ties(person, child, now or timezone.now())
    return rule & Q(**{f"{person}__is_active": True, f"{child}__user__is_active": True})


def _every_hat() -> QuerySet[Any, Any]:
    # One query, not three: every page asks for this.
    staff = StaffMembership.objects.current(NOW).filter(user=PERSON).values_list("role", "pk")
    links = GuardianLink.objects.current(NOW).filter(guardian=PERSON)
    child = Child.objects.filter(user=PERSON)
    return staff.union(
        links.values_list(Value("guardian"), "pk"), child.values_list(Value("child"), "pk")
    )


_HATS = Prepared(_every_hat)


def relations_of(user: User) -> list[tuple[str, str]]:
    """Every hat a person wears now, with the row that gives it."""
    rows = _HATS.rows({PERSON: user.pk, NOW: timezone.now()})
    return [(role, str(row)) for role, row in rows]


def roles_of(user: User) -> list[str]:
    """Every hat a person wears now: for the home page and the audit's snapshot."""
    return list(dict.fromkeys(role for role, _row in relations_of(user)))


def has_role(user: Actor, role: Role) -> bool:
    return (
        isinstance(user, User)
        and user.is_active
        and _working(role, timezone.now()).filter(user=user).exists()
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


_OWN = Prepared(lambda: visible_children(SOMEBODY, Verb.ASSENT, NOW))


def get_own_child(actor: Actor) -> Child:
    """The child who is signed in; NotVisible for everybody else."""
    if isinstance(actor, User) and actor.is_active:
        for child in _OWN.rows({PERSON: actor.pk, NOW: timezone.now()}):
            return child
    raise NotVisible


def get_child_to_sign(actor: Actor, child_id: uuid.UUID, kind: ConsentKind) -> Child:
    """The child, for a guardian who may consent, or a young person whose own signature is asked."""
    own = visible_children(actor, Verb.ASSENT).filter(pk=child_id).first()
    if own is None:
        return get_child_for(actor, child_id, Verb.CONSENT)
    if not consent_status(own, kind).child_signs:
        raise NotVisible
    return own


def get_signature_for(actor: Actor, signature_id: uuid.UUID) -> ConsentSignature:
    """What somebody signed, for themselves alone: the other guardian has no part in it."""
    signature = (
        ConsentSignature.objects.filter(pk=signature_id, signer_id=getattr(actor, "pk", None))
        .filter(child__in=visible_children(actor))
        .select_related("document", "child__user", "signer")
        .first()
    )
    if signature is None:
        raise NotVisible
    return signature


def visible_matters(actor: Actor) -> QuerySet[ConsentMatter]:
    """What waits for a decision, for those who may decide; never for the family."""
    return ConsentMatter.objects.filter(
        decided_at=None, child__in=visible_children(actor, Verb.SETTLE)
    ).select_related("child__user", "raised_by")


def get_matter_for(actor: Actor, matter_id: uuid.UUID, what: MatterKind) -> ConsentMatter:
    matter = visible_matters(actor).filter(pk=matter_id, what=what).first()
    if matter is None:
        raise NotVisible
    return matter


def visible_questions(actor: Actor) -> QuerySet[Assent]:
    """Children's questions that nobody has answered, for those who may."""
    return Assent.objects.filter(
        answer=AssentAnswer.QUESTION,
        reply__isnull=True,
        child__in=visible_children(actor, Verb.SETTLE),
    ).select_related("child__user")


def check_settles(actor: Actor) -> None:
    """NotVisible for everybody whose work never is to decide about consent."""
    if not (has_role(actor, Role.THERAPIST) or has_role(actor, Role.SAFEGUARDING_LEAD)):
        raise NotVisible


def get_assent_for(actor: Actor, assent_id: uuid.UUID) -> Assent:
    """A child's answer, for those who may reply to its question."""
    assent = (
        Assent.objects.filter(pk=assent_id, child__in=visible_children(actor, Verb.SETTLE))
        .select_related("child__user", "replied_by")
        .first()
    )
    if assent is None:
        raise NotVisible
    return assent
