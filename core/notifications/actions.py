"""Every write to the outbox and the inbox that a person or an app asks for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from core import realtime
from core.actors import Actor
from core.audit.actions import record
from core.notifications import kinds
from core.notifications.models import (
    InboxMessage,
    Notification,
    NotificationState,
    PushSubscription,
)

DELIVER = "core.notifications.tasks.deliver_due"


@transaction.atomic
def queue(
    *,
    actor: Actor,  # noqa: ARG001 (who caused it is in the audit row of the calling action)
    kind: str,
    recipient: AbstractBaseUser,
    subject: Model,
    dedup_key: str,
    due_at: datetime | None = None,
    useful_until: datetime | None = None,
) -> Notification:
    """Write one row to the outbox, in the caller's transaction. The same key gives the same row.

    Also if that row was cancelled or sent: so put into the key what makes it a new message (a
    reminder's start time, or moving an appointment back and forth would silence it).
    `due_at` defaults to now. Past `useful_until` it is never sent but marked missed.
    UnknownKind if no app registered `kind`; ValueError for a naive datetime.
    """
    kinds.get(kind)
    due = due_at or timezone.now()
    for moment in (due, useful_until):
        if moment is not None and timezone.is_naive(moment):
            raise ValueError("due_at and useful_until need a time zone")
    row, created = Notification.objects.get_or_create(
        dedup_key=dedup_key,
        defaults={
            "kind": kind,
            "recipient_id": recipient.pk,
            "subject_type": subject._meta.label_lower,
            "subject_id": subject.pk,
            "due_at": due,
            "next_attempt_at": due,
            "useful_until": useful_until,
        },
    )
    if created and due <= timezone.now():
        realtime.kick(DELIVER)
    return row


@transaction.atomic
def cancel_for(*, actor: Actor, subject: Model, kinds: Sequence[str]) -> int:
    """Cancel what is not sent yet about `subject`; answers how many rows.

    A row that a worker holds at this moment is cancelled too: the worker looks again before each
    channel, so only what is already with a provider still goes out.
    """
    cancelled = Notification.objects.filter(
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        kind__in=list(kinds),
        state__in=[NotificationState.PENDING, NotificationState.CLAIMED],
    ).update(
        state=NotificationState.CANCELLED,
        claim=None,
        claimed_until=None,
        finished_at=timezone.now(),
    )
    if cancelled:
        record(actor=actor, action="notification.cancel", obj=subject, fields=list(kinds))
    return cancelled


@transaction.atomic
def mark_read(*, actor: AbstractBaseUser, message_id: UUID) -> None:
    """Mark one of the actor's own messages read; a stranger's id changes nothing."""
    InboxMessage.objects.filter(pk=message_id, recipient_id=actor.pk, read_at=None).update(
        read_at=timezone.now()
    )


@transaction.atomic
def mark_all_read(*, actor: AbstractBaseUser) -> int:
    """Mark all of the actor's own messages read; answers how many were not."""
    return InboxMessage.objects.filter(recipient_id=actor.pk, read_at=None).update(
        read_at=timezone.now()
    )


@transaction.atomic
def subscribe_push(*, actor: AbstractBaseUser, endpoint: str, p256dh: str, auth: str) -> None:
    """Remember this browser. One that belonged to someone else (a shared tablet) changes hands."""
    PushSubscription.objects.update_or_create(
        endpoint=endpoint, defaults={"person_id": actor.pk, "p256dh": p256dh, "auth": auth}
    )
    record(actor=actor, action="push.subscribe", obj=actor)


@transaction.atomic
def unsubscribe_push(*, actor: AbstractBaseUser, endpoint: str) -> None:
    """Forget this browser, if it is the actor's."""
    PushSubscription.objects.filter(person_id=actor.pk, endpoint=endpoint).delete()
    record(actor=actor, action="push.unsubscribe", obj=actor)
