"""Refusals of this app. Each says what happened and what to do; none blames a family."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class TimeTaken(DomainError):
    """Somebody else was faster, by a second or by a day."""

    code = "time_taken"
    status = 409
    message = _("Somebody just took that time. Here are the times that are free now.")


class NotOffered(DomainError):
    """Not a start the list would show: moved hours, too soon, too far ahead, or made up."""

    code = "not_offered"
    message = _("That time cannot be booked. Please choose one of the times shown.")


class InThePast(DomainError):
    code = "in_the_past"
    message = _("That time has already passed. Please choose a later one.")


class ConsentMissing(DomainError):
    """The gate of SAFETY.md: no booking without a signature and the child's own yes."""

    code = "consent_missing"
    message = _(
        "Before booking we need the consent of a parent or carer and your child’s own yes."
        " You find both on your child’s page."
    )


class EnoughBooked(DomainError):
    """One child cannot use more; the others wait for these times."""

    code = "enough_booked"
    message = _(
        "That is as many appointments as can be booked ahead for one child."
        " If you need more, please ask your therapist or call the clinic."
    )


class NoLicence(DomainError):
    code = "no_licence"
    message = _(
        "This therapist cannot see your child where they live on that day."
        " Please choose another therapist or another day."
    )


class AlreadySettled(DomainError):
    """Cancelled or over: there is nothing left to change."""

    code = "already_settled"
    status = 409
    message = _("This appointment is over or was cancelled, so it cannot be changed any more.")


class AlreadyStarted(DomainError):
    code = "already_started"
    message = _("This appointment has started. Please tell your therapist, or call the clinic.")


class ReasonMissing(DomainError):
    code = "reason"
    message = _("Please choose one of the reasons.")


class HoursOverlap(DomainError):
    code = "hours_overlap"
    message = _("These hours overlap with hours you already have. Please change one of them.")


class HoursMakeNoSense(DomainError):
    code = "hours_make_no_sense"
    message = _("The end must come after the start, and at most a day later.")
