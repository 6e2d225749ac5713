"""The outbox: what someone is to be told, and how each attempt to tell them went.

A `Notification` is written in the same transaction as the thing it is about. It holds no text:
the words are rendered when it is sent, from what is true then. An `InboxMessage` holds the
neutral words shown in the app.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class NotificationState(models.TextChoices):
    PENDING = "pending", "waiting for its time"
    CLAIMED = "claimed", "a worker has it"
    SENT = "sent", "sent on at least one channel"
    MISSED = "missed", "too late to be useful"
    CANCELLED = "cancelled", "no longer true"
    DEAD = "dead", "given up"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "to be tried"
    ATTEMPTING = "attempting", "handed to the provider, no answer yet"
    SENT = "sent", "accepted"
    FAILED = "failed", "refused or given up"
    SKIPPED = "skipped", "this person has no such channel"
    MISSED = "missed", "too late to be useful"


class Notification(models.Model):
    """One thing one person is to be told once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=80)
    subject_id = models.UUIDField()
    dedup_key = models.CharField(max_length=200, unique=True)
    due_at = models.DateTimeField()
    useful_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=16, choices=NotificationState, default=NotificationState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    # The lease of the worker that has it: past this moment another worker may take over.
    claimed_until = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="outbox_due",
                condition=Q(state__in=["pending", "claimed"]),
            ),
            models.Index(fields=["subject_id", "kind"], name="outbox_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                name="notification_state_known", condition=Q(state__in=NotificationState.values)
            ),
            models.CheckConstraint(
                name="claimed_has_a_lease",
                condition=~Q(state="claimed") | Q(claim__isnull=False, claimed_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Delivery(models.Model):
    """One notification on one channel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.CharField(max_length=16)
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The provider once gave no answer, so this message may have gone out twice (never more).
    uncertain = models.BooleanField(default=False)

    class Meta:
        ordering = ["channel"]
        constraints = [
            models.UniqueConstraint(
                name="one_delivery_per_channel", fields=["notification", "channel"]
            ),
            models.CheckConstraint(
                name="delivery_state_known", condition=Q(state__in=DeliveryState.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class InboxMessage(models.Model):
    """A message shown inside Lantern. Neutral words only, like every channel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notification = models.OneToOneField(
        Notification, on_delete=models.CASCADE, related_name="inbox_message"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox_messages"
    )
    title = models.CharField(max_length=200)
    body = models.TextField()
    action_path = models.CharField(max_length=300, blank=True)
    action_label = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="inbox_newest"),
            models.Index(
                fields=["recipient"], name="inbox_unread", condition=Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"inbox message {self.pk}"


class PushSubscription(models.Model):
    """A browser that agreed to be woken. Its keys encrypt to the browser, not to the provider."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions"
    )
    endpoint = models.URLField(max_length=600, unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"push subscription {self.pk}"


class MailboxMessage(models.Model):
    """An e-mail the demo would have sent. Only demo settings write or show these."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    sent_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-sent_at"]
        indexes = [models.Index(fields=["to", "-sent_at"], name="mailbox_to")]

    def __str__(self) -> str:
        return f"demo mail {self.pk}"


class MailboxAttachment(models.Model):
    """A file hanging on a demo e-mail (e.g. a calendar invitation)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(
        MailboxMessage, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.name
