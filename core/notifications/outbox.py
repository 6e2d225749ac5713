"""Claiming what is due, so that several workers share the work and a killed one loses nothing.

A claim is a lease: state CLAIMED, a random `claim` id and `claimed_until`. Every later write asks
for that id, so a worker that slept past its lease cannot overwrite what the next one did.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from core.notifications.models import Notification, NotificationState

logger = structlog.get_logger("core.notifications")

BATCH = 10
# Longer than all providers' time-outs for one notification together; renewed before each.
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 3600.0
# One run of the task hands the worker back well before Celery's hard time limit.
RUN_SECONDS = 120.0

_random = secrets.SystemRandom()


def backoff(attempts: int) -> timedelta:
    """Wait after the n-th failed attempt: doubles from 30 s to 1 h, with half of it by chance.

    The chance keeps a provider that comes back from being hit by everyone in the same second.
    """
    ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** max(attempts - 1, 0))
    return timedelta(seconds=ceiling * _random.uniform(0.5, 1.0))


@transaction.atomic
def claim_due(now: datetime, limit: int = BATCH) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """Claim up to `limit` rows that are due or whose worker's lease ran out."""
    claim = uuid.uuid4()
    rows = (
        Notification.objects.select_for_update(skip_locked=True)
        .filter(
            Q(state=NotificationState.PENDING, next_attempt_at__lte=now)
            | Q(state=NotificationState.CLAIMED, claimed_until__lte=now)
        )
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:limit]
    )
    ids = list(rows)
    Notification.objects.filter(pk__in=ids).update(
        state=NotificationState.CLAIMED,
        claim=claim,
        claimed_until=now + LEASE,
        # counted here and not after the attempt: a row that kills its worker must die one day too
        attempts=F("attempts") + 1,
    )
    return claim, ids


def renew(pk: uuid.UUID, claim: uuid.UUID, now: datetime) -> Notification | None:
    """Extend the lease right before working on a row; None if it is no longer ours."""
    mine = Notification.objects.filter(pk=pk, claim=claim, state=NotificationState.CLAIMED)
    if not mine.update(claimed_until=now + LEASE):
        return None
    return mine.select_related("recipient").first()


def finish(row: Notification, state: NotificationState) -> bool:
    """Close the row for good; False if another worker or a cancellation was first."""
    return bool(
        Notification.objects.filter(
            pk=row.pk, claim=row.claim, state=NotificationState.CLAIMED
        ).update(state=state, claim=None, claimed_until=None, finished_at=timezone.now())
    )


def put_back(row: Notification, at: datetime, *, counts: bool = True) -> bool:
    """Try again at `at`. Waiting out quiet hours does not count as an attempt."""
    return bool(
        Notification.objects.filter(
            pk=row.pk, claim=row.claim, state=NotificationState.CLAIMED
        ).update(
            state=NotificationState.PENDING,
            claim=None,
            claimed_until=None,
            next_attempt_at=at,
            attempts=F("attempts") if counts else F("attempts") - 1,
        )
    )


def release(claim: uuid.UUID) -> int:
    """Give back, untried, every row a claim still holds (the run was long enough)."""
    return Notification.objects.filter(claim=claim, state=NotificationState.CLAIMED).update(
        state=NotificationState.PENDING,
        claim=None,
        claimed_until=None,
        attempts=F("attempts") - 1,
    )
