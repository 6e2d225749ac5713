"""Notes: a draft that saves itself, signed once, then only added to."""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.audit.actions import record
from scheduling.models import Appointment
from sessions_app.access import Verb, get_seat_for
from sessions_app.errors import NoteChanged, NoteEmpty, NoteLocked
from sessions_app.models import NoteAddendum, NoteFormat, SessionNote

PRESSED_TWICE = timedelta(minutes=1)


def _locked_row(actor: User, appointment_id: uuid.UUID) -> tuple[Appointment, SessionNote | None]:
    appointment = get_seat_for(actor, appointment_id, Verb.RUN).appointment
    # The appointment's row is the lock: two tabs that save the first draft make one note.
    Appointment.objects.select_for_update().filter(pk=appointment.pk).first()
    note = SessionNote.objects.select_for_update().filter(appointment=appointment).first()
    return appointment, note


@transaction.atomic
def save_note(
    *,
    actor: User,
    appointment_id: uuid.UUID,
    note_format: NoteFormat,
    sections: Mapping[str, str],
    version: int,
) -> SessionNote:
    """Save the draft if it is still at `version`; NoteLocked when signed, NoteChanged if stale."""
    appointment, note = _locked_row(actor, appointment_id)
    if note is None:
        note = SessionNote(appointment=appointment, author=actor)
    elif note.signed_at is not None:
        raise NoteLocked
    if note.revision != version:
        raise NoteChanged
    note.format, note.sections = note_format, dict(sections)
    note.revision, note.updated_at = version + 1, timezone.now()
    note.save()
    if version == 0:
        record(actor=actor, action="note.draft", obj=note, child_id=appointment.child_id)
    return note


@transaction.atomic
def sign_note(*, actor: User, appointment_id: uuid.UUID, version: int) -> SessionNote:
    """Lock it for good; the database refuses any later change. Signing twice is harmless."""
    appointment, note = _locked_row(actor, appointment_id)
    if note is None or not any(text.strip() for text in note.sections.values()):
        raise NoteEmpty
    if note.signed_at is not None:
        return note
    if note.revision != version:
        raise NoteChanged
    note.signed_at = timezone.now()
    note.save(update_fields=["signed_at"])
    record(actor=actor, action="note.sign", obj=note, child_id=appointment.child_id)
    return note


@transaction.atomic
def add_addendum(*, actor: User, appointment_id: uuid.UUID, reason: str, body: str) -> NoteAddendum:
    """A dated, signed addition to a signed note; the original stays readable.

    The same words at once again are the button pressed twice: nobody could remove the second.
    """
    appointment, note = _locked_row(actor, appointment_id)
    if note is None or note.signed_at is None:
        raise NoteEmpty
    reason, body = reason.strip(), body.strip()
    recent = note.addenda.filter(author=actor, signed_at__gt=timezone.now() - PRESSED_TWICE)
    for known in recent:
        if (known.reason, known.body) == (reason, body):
            return known
    addendum = NoteAddendum.objects.create(note=note, author=actor, reason=reason, body=body)
    record(actor=actor, action="note.addendum", obj=note, child_id=appointment.child_id)
    return addendum
