"""Who belongs to a child: guardians and the care team."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, check_adult, get_child_for, has_role
from accounts.broadcast import access_revoked
from accounts.errors import NotATherapist
from accounts.models import (
    CareTeamMembership,
    Child,
    GuardianLink,
    Role,
    Therapist,
    User,
    every_scope,
)
from core.actors import Actor
from core.audit.actions import record


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
def leave_care_team(*, actor: Actor, child: Child, therapist: Therapist) -> int:
    """Ends the membership now; the therapist's open sockets close. Answers how many ended."""
    rows = CareTeamMembership.objects.current().filter(child=child, therapist=therapist)
    ended = rows.update(ended_at=timezone.now())
    if ended:
        record(actor=actor, action="care_team.leave", obj=therapist, child_id=child.pk)
        access_revoked([therapist.user_id], child.pk)
    return ended


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
    link = GuardianLink.objects.create(
        child=child,
        guardian=guardian,
        relation=relation,
        scopes=list(scopes) if scopes is not None else every_scope(),
    )
    record(actor=actor, action="guardian.link", obj=link, child_id=child.pk, fields=["scopes"])
    return link


@transaction.atomic
def end_guardian_link(*, actor: Actor, link: GuardianLink) -> GuardianLink:
    """Revoked at once: the next request and the next socket message are refused."""
    link = GuardianLink.objects.select_for_update().get(pk=link.pk)
    if link.ended_at is None:
        link.ended_at = timezone.now()
        link.save(update_fields=["ended_at"])
        record(actor=actor, action="guardian.end", obj=link, child_id=link.child_id)
        access_revoked([link.guardian_id], link.child_id)
    return link
