"""A person's secret calendar address. The token is shown once and only its hash is kept."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.tokens import new_token, token_hash
from core.audit.actions import record
from scheduling.models import CalendarFeed


@transaction.atomic
def make_feed(*, actor: User) -> str:
    """A new token for the actor's own feed; the old address stops working at once."""
    token = new_token()
    feed, _created = CalendarFeed.objects.update_or_create(
        user=actor, defaults={"token_hash": token_hash(token), "created_at": timezone.now()}
    )
    record(actor=actor, action="calendar_feed.make", obj=feed)
    return token


@transaction.atomic
def revoke_feed(*, actor: User) -> int:
    """The address stops working at once; answers how many there were (0 or 1)."""
    feed = CalendarFeed.objects.filter(user=actor).first()
    if feed is None:
        return 0
    record(actor=actor, action="calendar_feed.revoke", obj=feed)
    feed.delete()
    return 1
