"""Refusals about copies, erasure and holds, as sentences."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class CopyGone(DomainError):
    """One sentence for taken, expired and withdrawn: nothing to learn from which it was."""

    code = "copy_gone"
    status = 409
    message = _("This copy is no longer there. You can ask for a new one.")


class CopyNotReady(DomainError):
    code = "copy_not_ready"
    status = 409
    message = _("Your copy is still being made. We tell you when it is ready.")


class EnoughCopies(DomainError):
    code = "enough_copies"
    status = 429
    message = _("You asked for several copies today already. Please try again tomorrow.")


class AlreadyAsked(DomainError):
    code = "already_asked"
    status = 409
    message = _("This was asked for already. The clinic looks at it.")


class StillBooked(DomainError):
    code = "still_booked"
    status = 409
    message = _("A session is booked. It needs to be cancelled first.")


class OnHold(DomainError):
    code = "on_hold"
    status = 409
    message = _("There is a legal hold on this record. Nothing is erased until it ends.")


class NotInThisState(DomainError):
    code = "not_in_this_state"
    status = 409
    message = _("Somebody was here before you. Please look at the page again.")


class NameDoesNotFit(DomainError):
    code = "name_does_not_fit"
    message = _("That is not the child’s sign-in name. Nothing was changed.")
