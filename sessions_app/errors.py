"""Refusals of the live session and its notes. On the socket each is `{"type": "error", code}`."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NotOpen(DomainError):
    code = "not_open"
    message = _("The room is not open yet. It opens 15 minutes before the start.")


class Ended(DomainError):
    code = "ended"
    status = 410
    message = _("This session has ended.")


class NotBegun(DomainError):
    """How it went is known afterwards; until then the family may still move or cancel it."""

    code = "not_begun"
    message = _("This session has not begun yet. Please say afterwards how it went.")


class ConsentMissing(DomainError):
    code = "consent_missing"
    status = 403
    message = _(
        "Someone still has to say yes to online sessions. Your home page shows what comes next."
    )


class NotIn(DomainError):
    code = "not_in"
    status = 403
    message = _("You are in the waiting room. Your therapist lets you in.")


class RoomFull(DomainError):
    code = "room_full"
    message = _(
        "Four people are in this session already, and it holds no more. "
        "When one of them leaves, there is a place again."
    )


class Paused(DomainError):
    """Never alone: it goes on by itself, so what was sent may be sent again."""

    code = "paused"
    status = 503
    message = _("The session pauses until a therapist is connected. Your words are not lost.")


class ChecklistFirst(DomainError):
    code = "checklist_first"
    message = _("Please complete the start list first. Then you can let people in.")


class LicenceMissing(DomainError):
    code = "licence_missing"
    message = _(
        "You have no licence for the place where the child is now. "
        "To go on all the same, write down why; the safeguarding lead will see it."
    )


class UnknownMessage(DomainError):
    code = "unknown_type"
    message = _("This page sent something we do not know. Please reload it.")


class BadShape(DomainError):
    code = "bad_shape"
    message = _("This page sent something that did not arrive in one piece.")


class TooLong(DomainError):
    code = "too_long"
    message = _("That is too long for one message. Please send it in parts.")


class SlowDown(DomainError):
    code = "slow_down"
    status = 429
    message = _("That was very quick. Please wait a moment, then send it again.")


class NobodyThere(DomainError):
    code = "nobody_there"
    message = _("That person is not connected right now.")


class NoteLocked(DomainError):
    code = "note_locked"
    status = 409
    message = _("This note is signed. You can add to it, with a reason; the original stays.")


class NoteChanged(DomainError):
    code = "note_changed"
    status = 409
    message = _("The note was changed in another tab. Your text is still here; compare, then save.")


class NoteEmpty(DomainError):
    code = "note_empty"
    message = _("An empty note cannot be signed.")
