"""What the outbox and the inbox hold about a child: messages to the child itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from core.notifications.models import InboxMessage, Notification, NotificationState
from core.registry import Category, Holding, Part, Reader, Sheet, Table, register

OPEN = (NotificationState.PENDING, NotificationState.CLAIMED)


def register_all() -> None:
    register(
        Holding(
            name="core.notifications",
            category=Category.CONTACT,
            tables=(
                Table("notifications.Delivery", "notification__recipient__child"),
                Table("notifications.InboxMessage", "recipient__child"),
                Table("notifications.Notification", "recipient__child"),
                Table("notifications.PushSubscription", "person__child"),
            ),
            export=_inbox,
            purge=_old,
            purged_as="messages",
            forget=_about,
        ),
    )


def _old(before: datetime) -> int:
    """With their deliveries and lines in the inbox; counted are the messages."""
    old = Notification.objects.filter(finished_at__lt=before).exclude(state__in=OPEN)
    return old.delete()[1].get("notifications.Notification", 0)


def _about(ids: Sequence[UUID]) -> int:
    """What guardians and the team were told about rows that are gone: links lead nowhere now."""
    return Notification.objects.filter(subject_id__in=ids).delete()[0]


def _inbox(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """The child's own. Nobody reads another person's inbox, also not in a copy."""
    if reader.part != Part.CHILD:
        return
    messages = InboxMessage.objects.filter(recipient__child=child_id).order_by("created_at")
    rows: list[dict[str, object]] = [
        {"at": m.created_at, "title": m.title, "text": m.body, "read_at": m.read_at}
        for m in messages
    ]
    yield Sheet("inbox", _("Messages to you"), rows)
