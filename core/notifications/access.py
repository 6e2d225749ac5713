"""An inbox is its owner's alone: nobody else, in any role, reads it."""

from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from core.errors import NotVisible
from core.notifications.models import InboxMessage


def visible_messages(actor: AbstractBaseUser) -> QuerySet[InboxMessage]:
    """The actor's own messages, newest first."""
    return InboxMessage.objects.filter(recipient_id=actor.pk)


def get_message_for(actor: AbstractBaseUser, message_id: UUID) -> InboxMessage:
    """One of the actor's own messages; NotVisible for another's, as for an id that is not."""
    message = visible_messages(actor).filter(pk=message_id).first()
    if message is None:
        raise NotVisible
    return message
