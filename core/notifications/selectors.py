"""Reads for pages and health checks."""

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser

from core.notifications.models import InboxMessage, Notification, NotificationState


def lag(now: datetime) -> timedelta:
    """How long the oldest due row has been waiting; zero if none is."""
    oldest = (
        Notification.objects.filter(
            state__in=[NotificationState.PENDING, NotificationState.CLAIMED],
            next_attempt_at__lte=now,
        )
        .order_by("next_attempt_at")
        .values_list("next_attempt_at", flat=True)
        .first()
    )
    return now - oldest if oldest else timedelta()


def unread_count(person: AbstractBaseUser) -> int:
    """For the bell in the page's head."""
    return InboxMessage.objects.filter(recipient_id=person.pk, read_at=None).count()
