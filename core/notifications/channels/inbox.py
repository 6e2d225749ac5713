"""The inbox inside Lantern: a row, so it cannot be half sent."""

from django.contrib.auth.base_user import AbstractBaseUser

from core.notifications.channels.base import Parcel
from core.notifications.models import InboxMessage


class Inbox:
    code = "inbox"
    disturbs = False
    idempotent = True

    def reaches(self, recipient: AbstractBaseUser) -> bool:
        """Everyone who can sign in has one."""
        return recipient.is_active

    def send(self, parcel: Parcel) -> None:
        """Idempotent: one message per notification, whoever sends it how often."""
        message = parcel.message
        InboxMessage.objects.get_or_create(
            notification=parcel.notification,
            defaults={
                "recipient_id": parcel.recipient.pk,
                "title": message.title,
                "body": message.body,
                "action_path": message.action_path,
                "action_label": message.action_label,
            },
        )
