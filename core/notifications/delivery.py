"""Sending one claimed notification: re-check, then channel by channel, each step committed.

The promise: a message goes out at most once, or at most twice when the provider gave no answer,
and then the row says `uncertain`. A delivery is therefore marked ATTEMPTING, and that is
committed, *before* the provider is called. A row found ATTEMPTING later belonged to a worker that
was killed (or lost the network) in between: nobody knows whether it was sent.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from core.notifications import kinds, outbox
from core.notifications.channels import (
    CHANNELS,
    NoAnswer,
    Parcel,
    PermanentFailure,
    TemporaryFailure,
)
from core.notifications.kinds import Kind, Message
from core.notifications.models import Delivery, DeliveryState, Notification, NotificationState
from core.notifications.quiet import quiet_ends

logger = structlog.get_logger("core.notifications")

_OPEN = (DeliveryState.PENDING, DeliveryState.ATTEMPTING)


def deliver_due() -> int:
    """Claim and handle due rows until none is left or the run is long enough; answers how many."""
    stop_at = time.monotonic() + outbox.RUN_SECONDS
    handled = 0
    while time.monotonic() < stop_at:
        claim, ids = outbox.claim_due(timezone.now())
        if not ids:
            break
        for pk in ids:
            if time.monotonic() >= stop_at:
                outbox.release(claim)
                break
            handle(pk, claim)
            handled += 1
    return handled


def handle(pk: uuid.UUID, claim: uuid.UUID) -> None:
    """Work on one claimed row. A failure of ours waits and dies like a failure of a provider."""
    row = outbox.renew(pk, claim, timezone.now())
    if row is None:
        return
    try:
        _handle(row, timezone.now())
    except Exception as exc:
        logger.exception("notification_failed", id=str(pk), kind=row.kind, error=type(exc).__name__)
        _retry_or_die(row)


def _handle(row: Notification, now: datetime) -> None:
    if not row.recipient.is_active:
        _close(row, NotificationState.CANCELLED)
        return
    if row.useful_until is not None and row.useful_until <= now:
        _close(row, NotificationState.MISSED)
        return
    kind = kinds.get(row.kind)
    if not kind.still_valid(row):
        _close(row, NotificationState.CANCELLED)
        return
    message = kind.render(row)
    quiet_until = None if kind.ignores_quiet_hours else _quiet_until(row.recipient, now)
    held_back = False
    for delivery in _deliveries(row, kind):
        if quiet_until and CHANNELS[delivery.channel].disturbs:
            held_back = True
        elif not _still_ours(row):
            return
        else:
            _attempt(delivery, row, message)
    if held_back and quiet_until is not None:
        outbox.put_back(row, quiet_until, counts=False)
    else:
        _conclude(row)


def _quiet_until(person: AbstractBaseUser, now: datetime) -> datetime | None:
    return quiet_ends(
        now,
        quiet_from=getattr(person, "quiet_from", None),
        quiet_until=getattr(person, "quiet_until", None),
        zone=ZoneInfo(getattr(person, "time_zone", "") or "UTC"),
    )


def _deliveries(row: Notification, kind: Kind) -> list[Delivery]:
    """The open deliveries, silent ones first; made on the first visit."""
    known = {d.channel: d for d in row.deliveries.all()}
    for code in kind.channels:
        if code not in known:
            reaches = CHANNELS[code].reaches(row.recipient)
            known[code], _ = Delivery.objects.get_or_create(
                notification=row,
                channel=code,
                defaults={"state": DeliveryState.PENDING if reaches else DeliveryState.SKIPPED},
            )
    ready = [d for d in known.values() if d.state in _OPEN and d.channel in CHANNELS]
    return sorted(ready, key=lambda d: CHANNELS[d.channel].disturbs)


def _still_ours(row: Notification) -> bool:
    """Between two channels a family may have cancelled, or another worker taken over."""
    return outbox.renew(row.pk, row.claim or uuid.UUID(int=0), timezone.now()) is not None


def _set(delivery: Delivery, **changes: object) -> bool:
    """Write unless another worker has attempted this delivery since we last looked at it."""
    changed = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(**changes)
    for name, value in changes.items():
        setattr(delivery, name, value)
    return bool(changed)


def _take(delivery: Delivery) -> bool:
    """Mark ATTEMPTING before the call; False if it must not be sent (again)."""
    lost = delivery.state == DeliveryState.ATTEMPTING
    if lost and not CHANNELS[delivery.channel].idempotent and not _doubt(delivery, "worker_lost"):
        return False
    before = delivery.attempts
    taken = Delivery.objects.filter(pk=delivery.pk, state=delivery.state, attempts=before).update(
        state=DeliveryState.ATTEMPTING, attempts=before + 1
    )
    delivery.attempts = before + 1
    return bool(taken)


def _doubt(delivery: Delivery, code: str) -> bool:
    """Note that an attempt was never answered; False if it was the second: then no third."""
    again = not delivery.uncertain
    state = DeliveryState.PENDING if again else DeliveryState.FAILED
    return _set(delivery, uncertain=True, error_code=code, state=state) and again


def _attempt(delivery: Delivery, row: Notification, message: Message) -> None:
    if not _take(delivery):
        return
    parcel = Parcel(delivery.pk, row, row.recipient, message)
    try:
        CHANNELS[delivery.channel].send(parcel)
    except NoAnswer as exc:
        _doubt(delivery, _code(exc))
    except PermanentFailure as exc:
        _set(delivery, state=DeliveryState.FAILED, error_code=_code(exc))
    except TemporaryFailure as exc:
        _set(delivery, state=DeliveryState.PENDING, error_code=_code(exc))
    except Exception as exc:
        logger.exception("channel_failed", channel=delivery.channel, error=type(exc).__name__)
        _set(delivery, state=DeliveryState.PENDING, error_code="broken")
    else:
        _set(delivery, state=DeliveryState.SENT, error_code="", sent_at=timezone.now())


def _code(exc: Exception) -> str:
    return str(exc.args[0])[:64] if exc.args else "failed"


def _conclude(row: Notification) -> None:
    """After a round over the channels: done, dead, or once more later."""
    states = list(row.deliveries.values_list("state", flat=True))
    if any(state in _OPEN for state in states):
        _retry_or_die(row)
    elif DeliveryState.SENT in states:
        outbox.finish(row, NotificationState.SENT)
    else:
        _bury(row)


def _retry_or_die(row: Notification) -> None:
    row.refresh_from_db(fields=["attempts"])
    if row.attempts < outbox.MAX_ATTEMPTS:
        outbox.put_back(row, timezone.now() + outbox.backoff(row.attempts))
        return
    _give_up(row, DeliveryState.FAILED)
    if row.deliveries.filter(state=DeliveryState.SENT).exists():
        outbox.finish(row, NotificationState.SENT)
    else:
        _bury(row)


def _bury(row: Notification) -> None:
    logger.error("notification_dead", id=str(row.pk), kind=row.kind)
    outbox.finish(row, NotificationState.DEAD)


def _close(row: Notification, state: NotificationState) -> None:
    """Too late or no longer true: channels that were still waiting are never used."""
    _give_up(row, DeliveryState.MISSED)
    sent = row.deliveries.filter(state=DeliveryState.SENT).exists()
    outbox.finish(row, NotificationState.SENT if sent else state)


def _give_up(row: Notification, state: DeliveryState) -> None:
    """End the open deliveries. One that a lost worker was attempting may have gone out: say so."""
    row.deliveries.filter(state=DeliveryState.ATTEMPTING).update(
        state=DeliveryState.FAILED, uncertain=True, error_code="worker_lost"
    )
    row.deliveries.filter(state=DeliveryState.PENDING).update(state=state)
