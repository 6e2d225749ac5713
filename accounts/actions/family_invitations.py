"""A second guardian comes in by a link that works once, for one address, for seven days."""

from collections.abc import Sequence
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, can, check_adult
from accounts.access_family import get_child_to_add_to, visible_invitations
from accounts.actions.children import MOST_CHILDREN
from accounts.actions.links import make_link
from accounts.actions.matters import turn
from accounts.errors import (
    CourtDecides,
    EnoughInvitations,
    FamilyInvitationNotValid,
    MoreThanOwn,
)
from accounts.models import Child, Custody, FamilyInvitation, GuardianLink, User
from accounts.tokens import new_token, token_hash
from core.actors import Actor
from core.audit.actions import record, record_once
from core.errors import DomainError, NotVisible
from core.rls import acting_as

VALID_FOR = timedelta(days=7)
MOST_OPEN = 6


@transaction.atomic
def invite_guardian(
    *, actor: User, child: Child, email: str, relation: str, scopes: Sequence[str]
) -> tuple[FamilyInvitation, str]:
    """The row and the token for the link, which is shown once.

    A guardian shares only what they may do themselves (MoreThanOwn), and where a court has decided
    only the care team invites (CourtDecides).
    """
    turn(child)
    child = get_child_to_add_to(actor, child.pk)
    _check_shares(actor, child, scopes)
    waiting = visible_invitations(actor, child).filter(expires_at__gt=timezone.now())
    if waiting.count() >= MOST_OPEN:
        raise EnoughInvitations
    token = new_token()
    invitation = FamilyInvitation.objects.create(
        token_hash=token_hash(token),
        child=child,
        email=email.strip().lower(),
        relation=relation,
        scopes=sorted(scopes),
        invited_by=actor,
        expires_at=timezone.now() + VALID_FOR,
    )
    record(
        actor=actor, action="guardian.invite", obj=invitation, child_id=child.pk, fields=["scopes"]
    )
    return invitation, token


def _check_shares(actor: User, child: Child, scopes: Sequence[str]) -> None:
    if can(actor, Verb.TREAT, child):
        return
    if child.custody == Custody.COURT:
        raise CourtDecides
    own = GuardianLink.objects.current().get(child=child, guardian=actor)
    if not set(scopes) <= set(own.scopes):
        raise MoreThanOwn


@transaction.atomic
def take_back_invitation(*, actor: User, invitation: FamilyInvitation) -> FamilyInvitation:
    """The link works no more. Only an open one, by who made it or the care team."""
    turn(invitation.child)
    found = visible_invitations(actor, invitation.child).filter(pk=invitation.pk)
    held = found.select_for_update(of=("self",)).first()
    if held is None:
        raise NotVisible
    held.taken_back_at = timezone.now()
    held.save(update_fields=["taken_back_at"])
    record(actor=actor, action="guardian.uninvite", obj=held, child_id=held.child_id)
    return held


def look_at_family_invitation(*, actor: User, token: str) -> FamilyInvitation:
    """For the page with the press: opening a link spends nothing."""
    invitation = _usable(actor, token)
    if invitation is None:
        raise _refused(actor)
    return invitation


def accept_family_invitation(*, actor: User, token: str) -> GuardianLink:
    """FamilyInvitationNotValid for used, expired, foreign, unknown: nothing has changed then."""
    link = _accept(actor, token)
    if link is None:
        raise _refused(actor)  # outside the transaction: what is noted must be committed
    return link


@transaction.atomic
def _accept(actor: User, token: str) -> GuardianLink | None:
    found = FamilyInvitation.objects.filter(token_hash=token_hash(token)).first()
    if found is None:
        return None
    # Before it is looked at: a press at the same time, or its maker's end, is then seen.
    turn(Child(pk=found.child_id))
    # The person's row is the turn of how many children they have.
    User.objects.select_for_update().get(pk=actor.pk)
    invitation = _usable(actor, token)
    if invitation is None:
        return None
    link = make_link(
        actor=actor,
        child=invitation.child,
        guardian=actor,
        relation=invitation.relation,
        scopes=list(invitation.scopes),
        invited_by=invitation.invited_by,
    )
    invitation.used_at = timezone.now()
    invitation.save(update_fields=["used_at"])
    return link


def _usable(actor: Actor, token: str) -> FamilyInvitation | None:
    """The invitation, if it is open, for this person's address, and its maker may still invite."""
    if not isinstance(actor, User) or not actor.is_active:
        return None
    invitation = (
        FamilyInvitation.objects.filter(
            token_hash=token_hash(token),
            used_at=None,
            taken_back_at=None,
            expires_at__gt=timezone.now(),
        )
        .select_related("child__user", "invited_by")
        .first()
    )
    return invitation if invitation is not None and _is_for(actor, invitation) else None


def _is_for(actor: User, invitation: FamilyInvitation) -> bool:
    mine = EmailAddress.objects.filter(user=actor, verified=True, email__iexact=invitation.email)
    links = GuardianLink.objects.current().filter(guardian=actor)
    if not mine.exists() or links.filter(child=invitation.child).exists():
        return False
    try:
        check_adult(actor)
        # By what its maker may see: who follows the link is tied to nobody yet.
        with acting_as(invitation.invited_by_id):
            get_child_to_add_to(invitation.invited_by, invitation.child_id)
            _check_shares(invitation.invited_by, invitation.child, invitation.scopes)
    except DomainError:
        return False
    return links.count() < MOST_CHILDREN


def _refused(actor: User) -> DomainError:
    """Noted once an hour for each person: trying links must not flood the trail."""
    record_once(actor=actor, action="guardian.invitation_refused")
    return FamilyInvitationNotValid()
