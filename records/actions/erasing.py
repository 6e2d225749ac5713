"""Erasing a record: asked for, looked at, confirmed, carried out, and gone on with when due."""

from datetime import date
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.actions import close_sign_in
from accounts.models import Child, User
from core import realtime, registry
from core.actors import Actor, SystemActor
from core.audit.actions import record
from core.encryption import shred
from core.models import DataKey
from core.notifications.actions import queue
from core.registry import Category
from records import access
from records.access import Verb, deciders, get_erasure_for
from records.errors import AlreadyAsked, NameDoesNotFit, NotInThisState, OnHold, StillBooked
from records.models import OPEN_ERASURE, Erasure, ErasureState, LegalHold
from records.retention import Plan, blocked, plan

logger = structlog.get_logger("records.erasing")

CARRY_OUT = "records.tasks.carry_out_erasures"


@transaction.atomic
def ask_erasure(*, actor: User, child: Child) -> Erasure:
    """A family asks; the clinic decides. AlreadyAsked while one is open."""
    child, _reader = access.get_child_for(actor, child.pk, Verb.ASK_ERASURE)
    Child.objects.select_for_update().get(pk=child.pk)
    if Erasure.objects.filter(child_id=child.pk, state__in=OPEN_ERASURE).exists():
        raise AlreadyAsked
    erasure = Erasure.objects.create(child_id=child.pk, asked_by=actor.pk)
    record(actor=actor, action="erasure.ask", obj=erasure, child_id=child.pk)
    for person in deciders():
        queue(
            actor=actor,
            kind="erasure.asked",
            recipient=person,
            subject=erasure,
            dedup_key=f"erasure.asked:{erasure.pk}:{person.pk}",
        )
    return erasure


def _locked(actor: User, erasure_id: UUID, *states: ErasureState) -> Erasure:
    found = get_erasure_for(actor, erasure_id)
    erasure = Erasure.objects.select_for_update().get(pk=found.pk)
    if erasure.state not in states:
        raise NotInThisState
    return erasure


@transaction.atomic
def approve_erasure(*, actor: User, erasure_id: UUID) -> Erasure:
    """First step: somebody read what goes and what stays. Nothing is erased yet."""
    erasure = _locked(actor, erasure_id, ErasureState.ASKED)
    check_free(erasure.child_id)
    erasure.state = ErasureState.APPROVED
    erasure.approved_by, erasure.approved_at = actor.pk, timezone.now()
    erasure.save(update_fields=["state", "approved_by", "approved_at"])
    record(actor=actor, action="erasure.approve", obj=erasure, child_id=erasure.child_id)
    return erasure


@transaction.atomic
def confirm_erasure(*, actor: User, erasure_id: UUID, sign_in_name: str) -> Erasure:
    """Second step, with the child's sign-in name typed: a worker starts at commit.

    The sign-in is closed here already: nobody writes into a record that is being erased.
    """
    erasure = _locked(actor, erasure_id, ErasureState.APPROVED)
    child = Child.objects.select_for_update(of=("self",)).select_related("user")
    found = child.get(pk=erasure.child_id)
    if sign_in_name.strip().casefold() != found.user.username.casefold():
        raise NameDoesNotFit
    check_free(found.pk)
    erasure.state = ErasureState.CONFIRMED
    erasure.confirmed_by, erasure.confirmed_at = actor.pk, timezone.now()
    erasure.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    record(actor=actor, action="erasure.confirm", obj=erasure, child_id=found.pk)
    close_sign_in(actor=actor, child=found)
    realtime.kick(CARRY_OUT)
    return erasure


@transaction.atomic
def decline_erasure(*, actor: User, erasure_id: UUID) -> Erasure:
    """The clinic speaks with the family itself: why is no matter of a form."""
    erasure = _locked(actor, erasure_id, ErasureState.ASKED, ErasureState.APPROVED)
    erasure.state = ErasureState.DECLINED
    erasure.declined_by, erasure.declined_at = actor.pk, timezone.now()
    erasure.save(update_fields=["state", "declined_by", "declined_at"])
    record(actor=actor, action="erasure.decline", obj=erasure, child_id=erasure.child_id)
    _tell_who_asked(actor, erasure)
    return erasure


def _tell_who_asked(actor: Actor, erasure: Erasure) -> None:
    """Whoever asked hears how it went; a young person whose sign-in is closed hears by phone."""
    person = User.objects.filter(pk__in=[erasure.asked_by or UUID(int=0)], is_active=True).first()
    if person is not None:
        queue(
            actor=actor,
            kind="erasure.news",
            recipient=person,
            subject=erasure,
            dedup_key=f"erasure.news:{erasure.pk}:{erasure.state}",
        )


def check_free(child_id: UUID) -> None:
    """OnHold or StillBooked if it must not be erased now."""
    if is_held(child_id):
        raise OnHold
    if blocked(child_id):
        raise StillBooked


def is_held(child_id: UUID) -> bool:
    return LegalHold.objects.filter(child_id=child_id, ended_at=None).exists()


def carry_out_confirmed(*, actor: SystemActor) -> int:
    """Everything confirmed, each in a transaction of its own; answers how many children."""
    ids = list(Erasure.objects.filter(state=ErasureState.CONFIRMED).values_list("pk", flat=True))
    done = 0
    for erasure_id in ids:
        try:
            done += carry_out(actor=actor, erasure_id=erasure_id) is not None
        except Exception as exc:  # the next run tries again
            logger.exception("erasure_failed", id=str(erasure_id), error=type(exc).__name__)
    return done


@transaction.atomic
def carry_out(*, actor: Actor, erasure_id: UUID, today: date | None = None) -> Erasure | None:
    """Erase what may go now; None if nothing was to be done, or a hold stands against it.

    May run twice, and goes on where rules kept something. The key goes with the last sealed row.
    """
    erasure = Erasure.objects.select_for_update().get(pk=erasure_id)
    if erasure.state not in {ErasureState.CONFIRMED, ErasureState.PARTLY}:
        return None
    child = (
        Child.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=erasure.child_id)
        .first()
    )
    if child is None or is_held(child.pk):
        return None
    todo = plan(child, today=today)
    before = erasure.state
    erased = erase_now(actor, child, todo)
    if before == ErasureState.PARTLY and not any(erased.values()):
        return None
    for name, count in erased.items():
        erasure.erased[name] = erasure.erased.get(name, 0) + count
    erasure.kept = {
        kept.category: {"rows": kept.rows, "until": kept.until.isoformat() if kept.until else None}
        for kept in todo.stays
    }
    erasure.state = ErasureState.DONE if todo.is_everything else ErasureState.PARTLY
    shredded = DataKey.objects.filter(pk=child.data_key_id, shredded_at__isnull=False).exists()
    if shredded and erasure.key_shredded_at is None:
        erasure.key_shredded_at = timezone.now()
    erasure.finished_at = timezone.now() if todo.is_everything else None
    erasure.save()
    if erasure.state != before:
        _tell_who_asked(actor, erasure)
    record(
        actor=actor,
        action=f"erasure.{erasure.state}",
        obj=erasure,
        child_id=erasure.child_id,
        fields=sorted(name for name, count in erased.items() if count),
    )
    return erasure


def erase_now(actor: Actor, child: Child, todo: Plan) -> dict[str, int]:
    """The rows go, then the sign-in and, when nothing sealed is left, the key."""
    child_id, user, key_id = child.pk, child.user, child.data_key_id
    identity = [h for h in todo.goes if h.category == Category.IDENTITY]
    erased = registry.erase([h for h in todo.goes if h not in identity], child_id)
    if identity:
        erased |= registry.erase(identity, child_id)
        user.delete()
    needed = not identity and any(h.needs_key(child_id) for h in registry.holdings())
    key = DataKey.objects.select_for_update().get(pk=key_id)
    if not needed and key.shredded_at is None:
        shred(key)
        record(actor=actor, action="key.shred", obj=key, child_id=child_id)
    return {name: count for name, count in erased.items() if count}
