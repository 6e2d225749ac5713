"""A copy of a record: asked for, built by a worker, fetched once by who asked, gone."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Child, User
from core import realtime
from core.actors import Actor, SystemActor
from core.audit.actions import record, record_once
from core.errors import DomainError, NotVisible
from core.notifications.actions import queue
from records import access
from records.access import Verb
from records.errors import CopyGone, CopyNotReady, EnoughCopies
from records.models import OPEN_COPIES, CopyFile, CopyState, RecordCopy
from records.packing import pack

logger = structlog.get_logger("records.copies")

BUILD = "records.tasks.build_copies"
LASTS = timedelta(hours=72)
MOST_A_DAY = 5
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 3


@transaction.atomic
def ask_copy(*, actor: User, child: Child) -> RecordCopy:
    """One open copy for a child and a person: asking again gives the same. EnoughCopies a day."""
    child, reader = access.get_child_for(actor, child.pk, Verb.COPY)
    # The person's row is the turn: two presses make one copy.
    User.objects.select_for_update().get(pk=actor.pk)
    mine = RecordCopy.objects.filter(child=child, asked_by=actor)
    current = mine.filter(state__in=OPEN_COPIES).first()
    if current is not None and not current.is_over:
        return current
    if current is not None:
        _close(current, CopyState.EXPIRED)
    if mine.filter(asked_at__gt=timezone.now() - timedelta(days=1)).count() >= MOST_A_DAY:
        raise EnoughCopies
    copy = RecordCopy.objects.create(
        child=child, asked_by=actor, part=reader.part, hidden=sorted(reader.hidden)
    )
    record(actor=actor, action="copy.ask", obj=copy, child_id=child.pk)
    realtime.kick(BUILD)
    return copy


def build_waiting(*, actor: SystemActor) -> int:
    """Build what waits; answers how many. A worker that was killed is followed after its lease."""
    built = 0
    while (copy := _claim()) is not None:
        try:
            built += _build(actor, copy.pk)
        except Exception as exc:  # one record's trouble must not stop the others
            logger.exception("copy_failed", id=str(copy.pk), error=type(exc).__name__)
            _failed(copy.pk)
    return built


@transaction.atomic
def _claim() -> RecordCopy | None:
    now = timezone.now()
    copy = (
        RecordCopy.objects.select_for_update(skip_locked=True)
        .filter(Q(claimed_until=None) | Q(claimed_until__lte=now), state=CopyState.WAITING)
        .order_by("asked_at")
        .first()
    )
    if copy is None:
        return None
    copy.claimed_until, copy.attempts = now + LEASE, copy.attempts + 1
    copy.save(update_fields=["claimed_until", "attempts"])
    return copy


@transaction.atomic
def _build(actor: SystemActor, copy_id: UUID) -> bool:
    """From what is true and allowed now: between asking and building a link may have ended."""
    copy = RecordCopy.objects.select_for_update().get(pk=copy_id)
    if copy.state != CopyState.WAITING:
        return False
    try:
        child, reader = access.get_child_for(copy.asked_by, copy.child_id, Verb.COPY)
    except NotVisible:
        _close(copy, CopyState.EXPIRED)
        return False
    CopyFile.objects.filter(copy=copy).delete()
    CopyFile.objects.create(copy=copy, content=pack(child, reader))
    now = timezone.now()
    copy.part, copy.hidden = reader.part, sorted(reader.hidden)
    copy.state, copy.ready_at, copy.expires_at = CopyState.READY, now, now + LASTS
    copy.save(update_fields=["part", "hidden", "state", "ready_at", "expires_at"])
    record(actor=actor, action="copy.build", obj=copy, child_id=child.pk)
    queue(
        actor=actor,
        kind="copy.ready",
        recipient=copy.asked_by,
        subject=copy,
        dedup_key=f"copy.ready:{copy.pk}:{now.isoformat()}",
        useful_until=copy.expires_at,
    )
    return True


@transaction.atomic
def _failed(copy_id: UUID) -> None:
    copy = RecordCopy.objects.select_for_update().get(pk=copy_id)
    if copy.state == CopyState.WAITING and copy.attempts >= MOST_ATTEMPTS:
        _close(copy, CopyState.FAILED)


def _close(copy: RecordCopy, state: CopyState) -> None:
    CopyFile.objects.filter(copy=copy).delete()
    copy.state = state
    copy.save(update_fields=["state"])


def take_copy(*, actor: User, copy_id: UUID) -> bytes:
    """The zip, once: taking it removes it here. CopyGone afterwards, CopyNotReady before.

    A copy made before something was kept from this reader is not handed out but made anew.
    """
    taken = _take(actor, copy_id)
    if isinstance(taken, DomainError):  # raised only here: what was noted must be committed
        raise taken
    return taken


@transaction.atomic
def _take(actor: User, copy_id: UUID) -> bytes | DomainError:
    try:
        copy = access.get_copy_for(actor, copy_id)
    except NotVisible as refusal:
        return refused(actor, refusal)
    copy = RecordCopy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
    child, reader = access.get_child_for(actor, copy.child_id, Verb.COPY)
    if copy.state == CopyState.WAITING:
        return CopyNotReady()
    if copy.state != CopyState.READY or copy.is_over:
        return refused(actor, CopyGone(), copy)
    if (copy.part, copy.hidden) != (reader.part, sorted(reader.hidden)):
        _again(copy)
        return CopyNotReady()
    content = bytes(copy.file.content)
    copy.taken_at = timezone.now()
    copy.save(update_fields=["taken_at"])
    _close(copy, CopyState.TAKEN)
    record(actor=actor, action="copy.take", obj=copy, child_id=child.pk)
    return content


def look_at_copy(*, actor: User, copy_id: UUID) -> RecordCopy:
    """For the page with the press; a link that is not theirs is noted as well."""
    try:
        return access.get_copy_for(actor, copy_id)
    except NotVisible as refusal:
        refused(actor, refusal)
        raise


def refused(actor: User, refusal: DomainError, copy: RecordCopy | None = None) -> DomainError:
    """Noted once an hour for each person: trying ids must not flood the trail."""
    record_once(
        actor=actor,
        action="copy.refused",
        obj=copy,
        child_id=copy.child_id if copy is not None else None,
    )
    return refusal


def _again(copy: RecordCopy) -> None:
    _close(copy, CopyState.WAITING)
    copy.claimed_until, copy.attempts, copy.expires_at = None, 0, None
    copy.save(update_fields=["claimed_until", "attempts", "expires_at"])
    realtime.kick(BUILD)


@transaction.atomic
def expire_copies(*, actor: Actor) -> int:
    """Nobody came for them: the sealed file goes, the row says so."""
    over = RecordCopy.objects.select_for_update(skip_locked=True).filter(
        state=CopyState.READY, expires_at__lte=timezone.now()
    )
    count = 0
    for copy in over:
        _close(copy, CopyState.EXPIRED)
        record(actor=actor, action="copy.expire", obj=copy, child_id=copy.child_id)
        count += 1
    return count
