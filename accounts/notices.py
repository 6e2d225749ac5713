"""What people are told about consent. No health word, no text of anyone."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Assent, ConsentSignature
from core.notifications.kinds import Kind, Message, register
from core.notifications.models import Notification


def register_kinds() -> None:
    register(Kind(code="consent.copy", render=_copy, still_valid=_signed))
    register(Kind(code="assent.question", render=_question, still_valid=_unanswered))
    register(Kind(code="assent.reply", render=_reply, still_valid=lambda _row: True))


def _signed(row: Notification) -> bool:
    return ConsentSignature.objects.filter(pk=row.subject_id, withdrawn_at=None).exists()


def _copy(row: Notification) -> Message:
    signature = ConsentSignature.objects.select_related("child__user").get(pk=row.subject_id)
    return Message(
        title=_("Your copy is ready"),
        body=_("Thank you. You can read what you signed, and take it back, at any time."),
        action_path=reverse("child_detail", args=[signature.child_id]),
        action_label=_("Read it"),
    )


def _unanswered(row: Notification) -> bool:
    return any(
        assent.reply is None for assent in Assent.objects.filter(pk=row.subject_id).only("reply")
    )


def _question(row: Notification) -> Message:
    return Message(
        title=_("A question is waiting for you"),
        body=_("Someone in your care asked something before deciding. Please answer it."),
        action_path=reverse("assent_reply", args=[row.subject_id]),
        action_label=_("Read and answer"),
    )


def _reply(_row: Notification) -> Message:
    return Message(
        title=_("Your question has an answer"),
        body=_("Have a look when you like."),
        action_path=reverse("assent"),
        action_label=_("Read it"),
    )
