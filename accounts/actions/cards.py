"""The printed card: made and made ready by who looks after the sign-in, used by the child."""

from typing import NoReturn

from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, get_child_for
from accounts.errors import CardNotValid
from accounts.models import Child, SignInCard, User
from accounts.tokens import new_token, token_hash
from core.actors import Actor
from core.audit.actions import record
from core.errors import NotVisible


def _open_card(child: Child) -> SignInCard | None:
    return SignInCard.objects.select_for_update().filter(child=child, ended_at=None).first()


@transaction.atomic
def make_card(*, actor: User, child: Child) -> tuple[SignInCard, str]:
    """The row, and the token for its QR code, which nobody can read again. The last one ends."""
    child = get_child_for(actor, child.pk, Verb.MANAGE_SIGN_IN)
    # The child's row is the turn: two presses at once would each find no card to end.
    Child.objects.select_for_update().get(pk=child.pk)
    now = timezone.now()
    SignInCard.objects.filter(child=child, ended_at=None).update(ended_at=now)
    token = new_token()
    card = SignInCard.objects.create(
        child=child, token_hash=token_hash(token), made_by=actor, made_at=now
    )
    record(actor=actor, action="card.make", obj=card, child_id=child.pk)
    return card, token


@transaction.atomic
def arm_card(*, actor: User, child: Child) -> SignInCard:
    """The same paper signs in once more."""
    child = get_child_for(actor, child.pk, Verb.MANAGE_SIGN_IN)
    card = _open_card(child)
    if card is None:
        raise NotVisible
    card.used_at = None
    card.save(update_fields=["used_at"])
    record(actor=actor, action="card.arm", obj=card, child_id=child.pk)
    return card


@transaction.atomic
def end_card(*, actor: User, child: Child) -> SignInCard:
    """Lost, or not wanted any more."""
    child = get_child_for(actor, child.pk, Verb.MANAGE_SIGN_IN)
    card = _open_card(child)
    if card is None:
        raise NotVisible
    card.ended_at = timezone.now()
    card.save(update_fields=["ended_at"])
    record(actor=actor, action="card.end", obj=card, child_id=child.pk)
    return card


def ready_card(token: str) -> SignInCard | None:
    return (
        SignInCard.objects.filter(token_hash=token_hash(token), ended_at=None, used_at=None)
        .filter(child__user__is_active=True)
        .select_related("child__user")
        .first()
    )


@transaction.atomic
def use_card(*, token: str) -> Child:
    """Whose card it is, once: two presses at once sign in once. CardNotValid."""
    card = (
        SignInCard.objects.select_for_update(of=("self",))
        .filter(token_hash=token_hash(token), ended_at=None, used_at=None)
        .filter(child__user__is_active=True)
        .select_related("child__user")
        .first()
    )
    if card is None:
        raise CardNotValid
    card.used_at = timezone.now()
    card.save(update_fields=["used_at"])
    record(actor=card.child.user, action="card.use", obj=card, child_id=card.child_id)
    return card.child


def refuse_card(*, actor: Actor, token: str) -> NoReturn:
    """Raises CardNotValid; the row in the trail names the card if there is one."""
    known = SignInCard.objects.filter(token_hash=token_hash(token)).first()
    child_id = known.child_id if known is not None else None
    record(actor=actor, action="card.refused", obj=known, child_id=child_id)
    raise CardNotValid
