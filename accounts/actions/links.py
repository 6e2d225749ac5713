"""Who belongs to a child: guardians and the care team."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, check_adult, get_child_for, has_role
from accounts.access_family import Right, get_link_for
from accounts.actions.matters import facts_changed, turn
from accounts.broadcast import access_revoked
from accounts.errors import NotATherapist, ReasonFirst
from accounts.models import (
    CareTeamMembership,
    Child,
    FamilyInvitation,
    GuardianLink,
    Role,
    Therapist,
    User,
    every_scope,
)
from core.actors import Actor
from core.audit.actions import record
from core.notifications.actions import queue


@transaction.atomic
def join_care_team(*, actor: Actor, child: Child, therapist: Therapist) -> CareTeamMembership:
    """The therapist looks after the child from now on; a second call changes nothing."""
    if not has_role(therapist.user, Role.THERAPIST):
        raise NotATherapist
    # The child's row is the lock: two first bookings at once make one membership.
    Child.objects.select_for_update().get(pk=child.pk)
    current = CareTeamMembership.objects.current().filter(child=child, therapist=therapist).first()
    if current is not None:
        return current  # type: ignore[no-any-return]
    membership = CareTeamMembership.objects.create(child=child, therapist=therapist)
    record(actor=actor, action="care_team.join", obj=membership, child_id=child.pk)
    return membership


@transaction.atomic
def add_colleague(*, actor: User, child: Child, therapist: Therapist) -> CareTeamMembership:
    """A therapist of the care team brings a colleague, who accepts nothing and is told."""
    child = get_child_for(actor, child.pk, Verb.TREAT)
    membership = join_care_team(actor=actor, child=child, therapist=therapist)
    if therapist.user_id != actor.pk:
        queue(
            actor=actor,
            kind="care_team.joined",
            recipient=therapist.user,
            subject=membership,
            dedup_key=f"care_team.joined:{membership.pk}",
        )
    return membership


@transaction.atomic
def leave_care_team(*, actor: User, child: Child) -> int:
    """A therapist leaves: stops with the next request, open sockets close. How many rows ended.

    NotVisible for whoever is not on the team: nobody puts a colleague out.
    """
    child = get_child_for(actor, child.pk, Verb.TREAT)
    mine = CareTeamMembership.objects.current().filter(child=child, therapist__user=actor)
    ended = [row.pk for row in mine.select_for_update()]
    CareTeamMembership.objects.filter(pk__in=ended).update(ended_at=timezone.now())
    for membership in CareTeamMembership.objects.filter(pk__in=ended):
        record(actor=actor, action="care_team.leave", obj=membership, child_id=child.pk)
    access_revoked([actor.pk], child.pk)
    return len(ended)


@transaction.atomic
def link_guardian(
    *,
    actor: User,
    child: Child,
    guardian: User,
    relation: str,
    scopes: Sequence[str] | None = None,
) -> GuardianLink:
    """Another adult for a child, with these scopes (every scope by default)."""
    child = get_child_for(actor, child.pk, Verb.CONSENT)
    check_adult(guardian)
    return make_link(
        actor=actor,
        child=child,
        guardian=guardian,
        relation=relation,
        scopes=list(scopes) if scopes is not None else every_scope(),
        invited_by=actor,
    )


def make_link(
    *,
    actor: User,
    child: Child,
    guardian: User,
    relation: str,
    scopes: list[str],
    invited_by: User,
) -> GuardianLink:
    """Called when the right to do so has been decided. One more decider may stop what stood."""
    link = GuardianLink.objects.create(
        child=child, guardian=guardian, relation=relation, scopes=scopes, invited_by=invited_by
    )
    record(actor=actor, action="guardian.link", obj=link, child_id=child.pk, fields=["scopes"])
    facts_changed(actor=actor, child=child)
    return link


@transaction.atomic
def end_guardian_link(*, actor: User, link: GuardianLink, reason: str = "") -> GuardianLink:
    """Revoked at once: the next request and the next socket message are refused.

    Oneself, who invited them where one guardian decides, or the care team with a reason
    (ReasonFirst); NotVisible for everybody else. Consent that hung on the link falls with it, so
    everybody's sockets of this child look again.
    """
    turn(link.child)
    link, right = get_link_for(actor, link.child_id, link.pk)
    if right == Right.CARE_TEAM:
        if not reason.strip():
            raise ReasonFirst
        link.end_reason = reason.strip()
    link.ended_at = timezone.now()
    link.save(update_fields=["ended_at", "end_reason"])
    record(actor=actor, action="guardian.end", obj=link, child_id=link.child_id)
    _take_back_invitations(actor, link)
    access_revoked([link.guardian_id], link.child_id)
    facts_changed(actor=actor, child=link.child)
    return link


def _take_back_invitations(actor: User, link: GuardianLink) -> None:
    """Whoever left brings nobody in any more."""
    waiting = FamilyInvitation.objects.filter(
        child=link.child_id, invited_by=link.guardian_id, used_at=None, taken_back_at=None
    )
    for invitation in waiting.select_for_update():
        invitation.taken_back_at = link.ended_at
        invitation.save(update_fields=["taken_back_at"])
        record(actor=actor, action="guardian.uninvite", obj=invitation, child_id=link.child_id)
