"""Refusals of people, family links and consent, as sentences."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NameTaken(DomainError):
    code = "name_taken"
    message = _("That sign-in name is taken. Please choose another one.")


class AnswersNotRight(DomainError):
    code = "answers_not_right"
    message = _(
        "One answer does not match what we wrote. Please read that part once more; "
        "you can change your answer as often as you like."
    )


class DocumentChanged(DomainError):
    code = "document_changed"
    status = 409
    message = _("The text was updated while you were reading. Please read the new one.")


class ConsentFirst(DomainError):
    code = "consent_first"
    message = _("A parent or carer needs to say yes first.")


class NothingToSign(DomainError):
    code = "nothing_to_sign"
    status = 404
    message = _("There is nothing to sign for this yet.")


class NothingToDispute(DomainError):
    code = "nothing_to_dispute"
    message = _("One parent or carer decides here. To say no, take your agreement back.")


class NothingToWithdraw(DomainError):
    code = "nothing_to_withdraw"
    message = _("There is no agreement from you to take back.")


class InvitationNotValid(DomainError):
    """One sentence for used, expired and unknown: no hint which accounts exist."""

    code = "invitation_not_valid"
    status = 410
    message = _(
        "This invitation does not work any more. Please ask your practice manager for a new one."
    )


class CardNotValid(DomainError):
    """One sentence for used, replaced and made up: a found card tells nothing."""

    code = "card_not_valid"
    status = 410
    message = _(
        "This card does not open Lantern just now. A grown-up at home or your therapist can make "
        "it work again."
    )


class NotATherapist(DomainError):
    code = "not_a_therapist"
    message = _("This person does not work as a therapist here any more.")


class LicenceOverlaps(DomainError):
    code = "licence_overlaps"
    message = _("There is a licence for that place in this time already. End it first.")


class LastManager(DomainError):
    code = "last_manager"
    message = _("Somebody has to run the practice. Invite another practice manager first.")


class EnoughChildren(DomainError):
    """Each child can hold times and be booked for: nobody adds them without end."""

    code = "enough_children"
    message = _("You look after many children here already. Please call the clinic to add one.")


class ChildAge(DomainError):
    code = "child_age"
    message = _("Lantern is for children from 6 to 17 years.")


class FamilyInvitationNotValid(DomainError):
    """One sentence for used, expired, foreign and unknown."""

    code = "family_invitation_not_valid"
    status = 410
    message = _(
        "This invitation does not work here. Please ask the person who gave it to you for a new "
        "one, and open it signed in with the e-mail address it was made for."
    )


class MoreThanOwn(DomainError):
    code = "more_than_own"
    message = _("You can only share what you may do yourself.")


class CourtDecides(DomainError):
    code = "court_decides"
    message = _("A court has decided who may do what. Please ask the clinic to invite somebody.")


class EnoughInvitations(DomainError):
    code = "enough_invitations"
    message = _("There are enough open invitations. Take one back before you make another.")


class ReasonFirst(DomainError):
    code = "reason_first"
    message = _("Please write why.")


class EnoughOrders(DomainError):
    code = "enough_orders"
    message = _("There are many papers here already. Please call the clinic.")


class FileTooLarge(DomainError):
    code = "file_too_large"
    status = 413
    message = _("This file is larger than 5 MB. Please send a smaller one, or a photo of the page.")


class FileKindUnknown(DomainError):
    code = "file_kind_unknown"
    message = _("This is no PDF, JPEG or PNG file. Please choose another one.")


class NotOpened(DomainError):
    """One sentence for an unknown name and for a record that is closed."""

    code = "not_opened"
    message = _("No record was opened. Please check the sign-in name.")


class FlagStands(DomainError):
    code = "flag_stands"
    message = _("Something is kept from this person already. End that first.")


class SecondClinician(DomainError):
    code = "second_clinician"
    message = _("Somebody else than you has to look at this.")
