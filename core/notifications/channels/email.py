"""E-mail through Django's mail backends (SMTP, or a provider by django-anymail)."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr

import requests.exceptions
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from core.notifications.channels.base import NoAnswer, Parcel, PermanentFailure, TemporaryFailure

_PERMANENT = range(500, 600)
_ASK_LATER = frozenset({408, 425, 429})
_CLIENT_ERRORS = range(400, 500)


def address_of(recipient: AbstractBaseUser) -> str:
    """Their e-mail address; "" for a child, who never has one."""
    return str(getattr(recipient, "email", "") or "")


def compose(parcel: Parcel) -> EmailMultiAlternatives:
    """The whole mail. Subject and words come from the kind; this only wraps them."""
    message = parcel.message
    link = (
        f"{settings.PUBLIC_ORIGIN.rstrip('/')}{message.action_path}" if message.action_path else ""
    )
    context = {
        "message": message,
        "paragraphs": [p for p in message.body.split("\n\n") if p.strip()],
        "link": link,
        "link_label": message.action_label,
        "clinic_name": settings.CLINIC_NAME,
    }
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=" ".join(message.title.split()),
        body=render_to_string("emails/notification.txt", context),
        to=[address_of(parcel.recipient)],
        cc=list(message.copy_to),
        headers={
            # the same id when it is sent again: most mail programs then show it once
            "Message-ID": f"<{parcel.delivery_id}@{domain}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("emails/notification.html", context), "text/html")
    for attachment in message.attachments:
        mail.attach(attachment.name, attachment.content, attachment.content_type)
    return mail


class Email:
    code = "email"
    disturbs = True
    idempotent = False

    def reaches(self, recipient: AbstractBaseUser) -> bool:
        return bool(address_of(recipient))

    def send(self, parcel: Parcel) -> None:
        """Connecting and handing over are two steps: only the second can leave us in doubt."""
        mail = compose(parcel)
        connection = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as exc:
            raise TemporaryFailure("unreachable") from exc
        try:
            accepted = connection.send_messages([mail])
        except Exception as exc:
            sorted_out = _translate(exc)
            if sorted_out is exc:
                raise
            raise sorted_out from exc
        finally:
            _close_quietly(connection)
        if not accepted:
            raise TemporaryFailure("not_accepted")


def _close_quietly(connection: object) -> None:
    """The mail is gone or not by now: a failing good-bye must not look like a failing mail."""
    try:
        connection.close()  # type: ignore[attr-defined]
    except (OSError, smtplib.SMTPException):
        return


def _translate(exc: Exception) -> Exception:
    """Sort what a backend raised into surely not sent, never, or unknown."""
    if isinstance(exc, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in exc.recipients.values()]
        refused = all(code in _PERMANENT for code in codes)
        return PermanentFailure("refused") if refused else TemporaryFailure("deferred")
    if isinstance(exc, smtplib.SMTPResponseException):  # it did answer, and said no
        code = exc.smtp_code
        return (
            PermanentFailure(f"smtp_{code}")
            if code in _PERMANENT
            else TemporaryFailure(f"smtp_{code}")
        )
    if isinstance(exc, AnymailRecipientsRefused):
        return PermanentFailure("refused")
    if isinstance(exc, AnymailAPIError):
        return translate_http(exc, getattr(exc, "status_code", None))
    if isinstance(exc, (smtplib.SMTPServerDisconnected, OSError)):
        return NoAnswer("no_answer")
    # A template, an address header or our own bug: nothing was handed over.
    return exc


def translate_http(exc: Exception, status: int | None) -> Exception:
    """The same sorting for a provider spoken to over HTTP (`requests`)."""
    if status is not None:
        if status in _ASK_LATER:
            return TemporaryFailure(f"http_{status}")
        if status in _CLIENT_ERRORS:
            return PermanentFailure(f"http_{status}")
        return NoAnswer(f"http_{status}")  # a gateway's 502 says nothing about what lies behind it
    if isinstance(exc, requests.exceptions.ConnectTimeout):
        return TemporaryFailure("unreachable")
    # urllib3 hides the kind of failure in the text; anymail hides the original in the cause
    if any("NewConnectionError" in repr(e) for e in (exc, exc.__cause__)):
        return TemporaryFailure("unreachable")
    return NoAnswer("no_answer")
