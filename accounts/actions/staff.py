"""Staff come in by a single-use, expiring invitation only."""

from datetime import timedelta
from typing import NoReturn

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import has_role
from accounts.errors import InvitationNotValid
from accounts.models import Invitation, Role, StaffMembership, Therapist, User
from accounts.tokens import adult_username, new_token, token_hash
from core.actors import Actor, SystemActor
from core.audit.actions import record
from core.errors import NotVisible

VALID_FOR = timedelta(days=7)


@transaction.atomic
def invite_staff(*, actor: Actor, email: str, role: Role) -> tuple[Invitation, str]:
    """The row and the token for the link. Only a practice manager or the command line may."""
    if not isinstance(actor, SystemActor) and not has_role(actor, Role.MANAGER):
        raise NotVisible
    token = new_token()
    invitation = Invitation.objects.create(
        token_hash=token_hash(token),
        email=email.strip().lower(),
        role=role,
        invited_by=actor if isinstance(actor, User) else None,
        expires_at=timezone.now() + VALID_FOR,
    )
    record(actor=actor, action="staff.invite", obj=invitation, fields=["role"])
    return invitation, token


def refuse_invitation(*, actor: Actor, token: str) -> NoReturn:
    """The same sentence for used, expired, made up and meant for somebody who is here already;
    the row in the trail names the invitation if there is one. Raises InvitationNotValid."""
    known = Invitation.objects.filter(token_hash=token_hash(token)).first()
    record(actor=actor, action="invitation.refused", obj=known)
    raise InvitationNotValid


def usable(token: str) -> Invitation | None:
    return Invitation.objects.filter(
        token_hash=token_hash(token), used_at=None, expires_at__gt=timezone.now()
    ).first()


@transaction.atomic
def accept_invitation(
    *, token: str, display_name: str, password: str, time_zone: str, title: str = ""
) -> User:
    """A new colleague with a verified address. InvitationNotValid for used, expired, unknown."""
    invitation = (
        Invitation.objects.select_for_update()
        .filter(token_hash=token_hash(token), used_at=None, expires_at__gt=timezone.now())
        .first()
    )
    if invitation is None or User.objects.filter(email__iexact=invitation.email).exists():
        raise InvitationNotValid
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                adult_username(),
                password,
                email=invitation.email,
                display_name=display_name.strip(),
                time_zone=time_zone,
            )
    except IntegrityError as exc:  # a second invitation to this address, accepted just now
        raise InvitationNotValid from exc
    # The link came to this address, which is the proof that it is theirs.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    StaffMembership.objects.create(user=user, role=invitation.role)
    if invitation.role == Role.THERAPIST:
        Therapist.objects.create(user=user, title=title.strip())
    invitation.used_at = timezone.now()
    invitation.save(update_fields=["used_at"])
    record(actor=user, action="staff.accept", obj=invitation)
    return user
