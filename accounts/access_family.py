"""Who may say who belongs to a child, and what safety adds. Derived from accounts.access."""

import uuid
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.access import (
    Verb,
    can,
    get_child_and_verbs_for,
    has_role,
    visible_children,
    visible_ids,
)
from accounts.models import (
    BreakGlass,
    Child,
    CourtOrder,
    Custody,
    FamilyInvitation,
    GuardianLink,
    RiskFlag,
    Role,
    StaffMembership,
    Topic,
    User,
)
from core.actors import Actor
from core.errors import NotVisible


class Right(StrEnum):
    """By which right somebody ends a link."""

    OWN = "own"
    INVITED = "invited"
    CARE_TEAM = "care_team"


def is_guardian(actor: Actor, child: Child) -> bool:
    links = GuardianLink.objects.current().filter(child=child, guardian_id=actor.pk)  # type: ignore[union-attr]
    return can(actor, Verb.SEE, child) and links.exists()


def get_family_for(actor: Actor, child_id: uuid.UUID) -> tuple[Child, set[Verb]]:
    """The child whose people somebody may look after: its guardians and its care team."""
    child, may = get_child_and_verbs_for(actor, child_id)
    if Verb.TREAT not in may and not is_guardian(actor, child):
        raise NotVisible
    return child, may


def get_child_to_add_to(actor: Actor, child_id: uuid.UUID) -> Child:
    """For whoever may invite a guardian or bring a court's order: a deciding guardian, the team."""
    child, may = get_family_for(actor, child_id)
    if not may & {Verb.TREAT, Verb.CONSENT}:
        raise NotVisible
    return child


def right_to_end(actor: Actor, link: GuardianLink) -> Right | None:
    """Oneself; where one guardian decides, who invited them; else only the care team."""
    child = link.child
    if can(actor, Verb.TREAT, child):
        return Right.CARE_TEAM
    if not isinstance(actor, User) or not is_guardian(actor, child):
        return None
    if link.guardian_id == actor.pk:
        return Right.OWN
    invited = link.invited_by_id == actor.pk and child.custody == Custody.ONE
    return Right.INVITED if invited and can(actor, Verb.CONSENT, child) else None


def get_link_for(
    actor: Actor, child_id: uuid.UUID, link_id: uuid.UUID
) -> tuple[GuardianLink, Right]:
    """A link that holds, and by which right this person may end it; else NotVisible."""
    links = GuardianLink.objects.current().filter(pk=link_id, child=child_id)
    link = links.select_related("child__user", "guardian").first()
    right = right_to_end(actor, link) if link is not None else None
    if link is None or right is None:
        raise NotVisible
    return link, right


def visible_invitations(actor: Actor, child: Child) -> QuerySet[FamilyInvitation]:
    """One's own; the care team sees all of them."""
    found = FamilyInvitation.objects.filter(child=child, used_at=None, taken_back_at=None)
    if can(actor, Verb.TREAT, child):
        return found
    return found.filter(invited_by=getattr(actor, "pk", None), child__in=visible_children(actor))


def get_invitation_for(
    actor: Actor, child_id: uuid.UUID, invitation_id: uuid.UUID
) -> FamilyInvitation:
    """An open one that this person may take back."""
    child, _may = get_family_for(actor, child_id)
    found = visible_invitations(actor, child).filter(pk=invitation_id).first()
    if found is None:
        raise NotVisible
    found.child = child
    return found


def visible_orders(actor: Actor, child: Child) -> QuerySet[CourtOrder]:
    """The care team's and the lead's; of the family only who brought it. Never the file itself."""
    found = CourtOrder.objects.filter(child=child).select_related("uploaded_by").defer("content")
    if can(actor, Verb.TREAT, child) or has_role(actor, Role.SAFEGUARDING_LEAD):
        return found
    return found.filter(uploaded_by=getattr(actor, "pk", None), child__in=visible_children(actor))


def get_order_for(actor: Actor, child_id: uuid.UUID, order_id: uuid.UUID) -> CourtOrder:
    child = Child.objects.filter(pk=child_id, user__is_active=True).select_related("user").first()
    order = visible_orders(actor, child).filter(pk=order_id).first() if child is not None else None
    if child is None or order is None:
        raise NotVisible
    order.child = child
    return order


# --- safety ---------------------------------------------------------------------------------------


def hidden_from(user: User, child: Child) -> frozenset[str]:
    """Topics a clinician keeps from this one person for the child's safety.

    Pages, the list of who looked, mails and copies all ask here, for everybody alike: one query,
    whether something is hidden or not.
    """
    flags = RiskFlag.objects.current().filter(child=child, guardian=user).values_list("hides")
    return frozenset(topic for (hides,) in flags for topic in hides)


def zone_for(reader: User, child: Child) -> ZoneInfo:
    """On whose clock this person reads the child's times, for everybody by the same queries.

    `child` is the one that accounts.access gave this reader, or any other one.
    """
    if hasattr(child, "clock_kept"):
        return ZoneInfo(child.clock_kept) if child.clock_kept else child.user.zone
    flags = RiskFlag.objects.current().filter(
        child=child, guardian=reader, hides__contains=[Topic.ADDRESS]
    )
    for (zone,) in flags.values_list("zone_shown"):
        return ZoneInfo(zone)
    return child.user.zone


def leads() -> QuerySet[User]:
    """Who is told what safety asks for; for mailers."""
    work = StaffMembership.objects.current().filter(role=Role.SAFEGUARDING_LEAD)
    return User.objects.filter(pk__in=work.values("user_id"), is_active=True)


def check_lead(actor: Actor) -> None:
    if not has_role(actor, Role.SAFEGUARDING_LEAD):
        raise NotVisible


def visible_flags(actor: Actor) -> QuerySet[RiskFlag]:
    """Of the children somebody treats, all of them for the lead; never of oneself."""
    found = RiskFlag.objects.current().select_related("child__user", "guardian", "set_by")
    if not has_role(actor, Role.SAFEGUARDING_LEAD):
        found = found.filter(child__in=visible_ids(actor, Verb.TREAT))
    return found.exclude(guardian_id=getattr(actor, "pk", None))


def get_flag_for(actor: Actor, flag_id: uuid.UUID) -> RiskFlag:
    flag = visible_flags(actor).filter(pk=flag_id).first()
    if flag is None:
        raise NotVisible
    return flag


def visible_openings(actor: Actor) -> QuerySet[BreakGlass]:
    """Break-glass, for the lead alone."""
    if not has_role(actor, Role.SAFEGUARDING_LEAD):
        return BreakGlass.objects.none()
    return BreakGlass.objects.select_related("child__user", "person")


def get_opening_for(actor: Actor, opening_id: uuid.UUID) -> BreakGlass:
    found = visible_openings(actor).filter(pk=opening_id).first()
    if found is None:
        raise NotVisible
    return found


def withheld_looks(child: Child) -> Q:
    """For audit rows: what was done in an opening that the lead keeps from the family."""
    rule = Q(pk__in=[])
    for opening in BreakGlass.objects.filter(child=child, withheld=True):
        rule |= Q(actor_id=opening.person_id, at__gte=opening.started_at, at__lt=opening.ended_at)
    return rule
