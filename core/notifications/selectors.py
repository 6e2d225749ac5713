"""Reads for pages and health checks."""

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Func, IntegerField

from core.notifications.models import InboxMessage, Notification, NotificationState
from core.prepared import PERSON, Prepared


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


_UNREAD = Prepared(
    # Not Count: an aggregate in values_list would count each row by itself.
    lambda: (
        InboxMessage.objects.filter(recipient_id=PERSON, read_at=None)
        .order_by()
        .values_list(Func("pk", function="COUNT", output_field=IntegerField()))
    )
)


def unread_count(person: AbstractBaseUser) -> int:
    """For the bell in the page's head."""
    ((count,),) = _UNREAD.rows({PERSON: person.pk})
    return int(count)
