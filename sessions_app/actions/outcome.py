"""How a session ended, derived from what happened; a person's own choice always stands."""

import uuid

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.selectors import consent_status
from core.audit.actions import record
from scheduling.models import Appointment, CancelReason, Outcome, State
from sessions_app.access import Verb, get_seat_for
from sessions_app.errors import NotBegun
from sessions_app.models import Part


def derived(appointment: Appointment) -> Outcome:
    """Completed when child and therapist were both in; a flare is never a no-show."""
    if appointment.state == State.CANCELLED:
        flare = appointment.cancel_reason == CancelReason.FLARE
        return Outcome.FLARE if flare else Outcome.CANCELLED
    session = getattr(appointment, "session", None)
    people = list(session.participants.all()) if session is not None else []
    joined = {person.part for person in people if person.joined_at}
    if {Part.CHILD, Part.THERAPIST} <= joined:
        return Outcome.COMPLETED
    came = {person.part for person in people if person.waiting_since}
    # The child was there and never got in: the connection or we failed, not the family.
    if Part.CHILD in came:
        return Outcome.TECHNICAL
    # "Not now", or an agreement taken back, closes the door: nobody failed to come.
    if not consent_status(appointment.child).stands:
        return Outcome.CANCELLED
    return Outcome.NO_SHOW


def derive_outcome(appointment: Appointment) -> None:
    """One idempotent update that never touches an outcome set by hand."""
    Appointment.objects.filter(pk=appointment.pk, outcome_by=None).update(
        outcome=derived(appointment)
    )


@transaction.atomic
def set_outcome(*, actor: User, appointment_id: uuid.UUID, outcome: Outcome) -> Appointment:
    appointment = get_seat_for(actor, appointment_id, Verb.RUN).appointment
    if appointment.state == State.BOOKED and appointment.starts_at > timezone.now():
        raise NotBegun
    Appointment.objects.filter(pk=appointment.pk).update(outcome=outcome, outcome_by=actor)
    record(actor=actor, action="session.outcome", obj=appointment, child_id=appointment.child_id)
    return appointment
