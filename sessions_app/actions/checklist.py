"""The start checklist (SAFETY.md, Sessions): asked every session, never copied."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Licence, Therapist, User
from accounts.selectors import consent_status
from core.audit.actions import record
from sessions_app import broadcast
from sessions_app.access import Verb, check_open, get_seat_for
from sessions_app.actions.room import lock_session
from sessions_app.errors import ConsentMissing, Ended, LicenceMissing
from sessions_app.models import SessionState, StartChecklist


def licensed(therapist: Therapist, place: str) -> bool:
    """Licensed today for the place where the child is; a country's licence covers its regions."""
    today = timezone.now().astimezone(therapist.user.zone).date()
    return Licence.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=today),
        therapist=therapist,
        place__in={place, place.partition("-")[0]},
        valid_from__lte=today,
    ).exists()


@transaction.atomic
def save_checklist(
    *, actor: User, appointment_id: uuid.UUID, answers: dict[str, Any]
) -> StartChecklist:
    """Store the answers and mark the list complete.

    NotOpen and Ended as for everybody: where the child is can only be asked when they are here.
    LicenceMissing blocks, unless `override_reason` says why it must go on; an override has an audit
    row of its own, which the safeguarding lead is shown. ConsentMissing blocks always: nobody joins
    without both yeses, and a withdrawal holds at once.
    """
    seat = get_seat_for(actor, appointment_id, Verb.RUN)
    check_open(seat)
    session = lock_session(seat.appointment)
    if session.state == SessionState.ENDED:
        raise Ended
    reason = answers.get("override_reason") or ""
    overridden = not licensed(seat.appointment.therapist, answers["place"])
    if overridden and not reason:
        raise LicenceMissing
    if not consent_status(seat.appointment.child).stands:
        raise ConsentMissing
    row = StartChecklist.objects.filter(session=session).first() or StartChecklist(session=session)
    for name, value in answers.items():
        setattr(row, name, value)
    row.completed_at, row.completed_by = timezone.now(), actor
    row.save()
    child_id = seat.appointment.child_id
    action = "session.checklist_override" if overridden else "session.checklist"
    record(actor=actor, action=action, obj=session, child_id=child_id, fields=sorted(answers))
    broadcast.places_changed(session.pk)
    return row
