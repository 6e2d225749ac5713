"""The demo's post office: mails are kept as rows and read on a page, nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import MIMEPart
from uuid import UUID

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet
from django.utils.http import content_disposition_header

from core.errors import NotVisible
from core.notifications.models import MailboxAttachment, MailboxMessage


class MailboxBackend(BaseEmailBackend):
    """`EMAIL_BACKEND` of the demo settings."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store each message once per recipient; answers how many messages were stored."""
        for message in email_messages:
            with transaction.atomic():
                for address in message.recipients():
                    _store(message, address)
        return len(email_messages)


def _store(message: EmailMessage, address: str) -> None:
    html = ""
    if isinstance(message, EmailMultiAlternatives):
        html = next((str(a[0]) for a in message.alternatives if a[1] == "text/html"), "")
    row = MailboxMessage.objects.create(
        to=address, subject=str(message.subject)[:300], text=str(message.body), html=html
    )
    for attachment in message.attachments:
        if isinstance(attachment, MIMEPart):
            name, content = attachment.get_filename() or "file", attachment.get_payload(decode=True)
            content_type = attachment.get_content_type()
        else:
            name, content, content_type = attachment
        data = content.encode() if isinstance(content, str) else bytes(content or b"")
        MailboxAttachment.objects.create(
            message=row,
            name=name or "file",
            content_type=content_type or "application/octet-stream",
            content=data,
        )


def messages(to: str = "") -> QuerySet[MailboxMessage]:
    """All demo mails, newest first, of one address if given."""
    rows = MailboxMessage.objects.prefetch_related("attachments")
    return rows.filter(to__iexact=to) if to else rows


def addresses() -> list[str]:
    """Everyone who got mail, for the filter."""
    return sorted(MailboxMessage.objects.order_by().values_list("to", flat=True).distinct())


def get(message_id: UUID) -> MailboxMessage:
    """One mail, or NotVisible."""
    row = messages().filter(pk=message_id).first()
    if row is None:
        raise NotVisible
    return row


def get_attachment(attachment_id: UUID) -> MailboxAttachment:
    """One attachment, or NotVisible."""
    row = MailboxAttachment.objects.filter(pk=attachment_id).first()
    if row is None:
        raise NotVisible
    return row


def content_disposition(name: str) -> str:
    """Header value that makes a browser save the file under this name."""
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
