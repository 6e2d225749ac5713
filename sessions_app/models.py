"""The live session, who was in it, what was written, and the note. Children's words are sealed."""

import uuid
from typing import Any, NoReturn

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PERSON
from core.encryption import EncryptedJSONField, EncryptedTextField
from scheduling.models import Appointment
from sessions_app.errors import NoteLocked


class SessionState(models.TextChoices):
    PLANNED = "planned", _("Not started")
    LIVE = "live", _("Under way")
    ENDED = "ended", _("Ended")


class Session(models.Model):
    """The room of one appointment. Made when somebody first comes near it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, related_name="session"
    )
    state = models.CharField(max_length=7, choices=SessionState, default=SessionState.PLANNED)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The start it was opened for: what was asked and who was let in holds for that one only.
    opened_for = models.DateTimeField(null=True, blank=True)
    # The last number given to a chat message; raised under a row lock, so numbers have no gap.
    last_seq = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.state} {self.appointment_id}"

    @property
    def is_moved(self) -> bool:
        """Opened for a start the appointment no longer has: nobody is in, nothing was asked."""
        return self.opened_for is not None and self.opened_for != self.appointment.starts_at


class StartChecklist(models.Model):
    """What the therapist asks at the start of every session (SAFETY.md, Sessions).

    Where the child is now is asked each time and never copied from another session.
    """

    session = models.OneToOneField(
        Session, on_delete=models.PROTECT, primary_key=False, related_name="checklist"
    )
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity_confirmed = models.BooleanField(default=False)
    location = EncryptedTextField(null=True)  # the address to send help to
    place = models.CharField(max_length=6, blank=True)  # ISO 3166, for the licence check
    callback_number = EncryptedTextField(null=True)
    adult_location = EncryptedTextField(null=True)
    who_can_hear = EncryptedTextField(null=True)
    signals_agreed = models.BooleanField(default=False)
    backup_plan = models.BooleanField(default=False)
    # A missing licence or consent blocks; going on needs a reason, listed to the lead.
    override_reason = EncryptedTextField(null=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return f"checklist of {self.session_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.session.appointment.child.data_key_id


class Part(models.TextChoices):
    CHILD = "child", _("Child")
    GUARDIAN = "guardian", _("Guardian")
    THERAPIST = "therapist", _("Therapist")


class Place(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    ADMITTED = "admitted", _("In the session")
    LEFT = "left", _("Left")
    REMOVED = "removed", _("Asked to leave")


class Participant(models.Model):
    """One person's place in one session; attendance is derived from it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="participants")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=9, choices=Part)
    place = models.CharField(max_length=8, choices=Place, default=Place.WAITING)
    waiting_since = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)  # first admitted and connected
    left_at = models.DateTimeField(null=True, blank=True)
    # The socket that holds the seat; a newer one (a second device) takes over.
    connection = models.CharField(max_length=32, blank=True)
    # When that socket was last heard: a crashed process leaves a connection behind.
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="participant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.place}"


class Admission(models.Model):
    """From when until when a person was in. A guardian reads only what was written meanwhile.

    By the numbers of the lines, taken under the session's lock: clocks of two processes differ.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="admissions"
    )
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    from_seq = models.PositiveIntegerField(default=0)  # the last line before it
    until_seq = models.PositiveIntegerField(null=True, blank=True)  # the last line within it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(ended_at=None), name="admission_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, until_seq=None)
                | Q(ended_at__isnull=False, until_seq__isnull=False),
                name="admission_ends_with_a_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant_id} from {self.started_at:%H:%M}"


class ChatMessage(models.Model):
    """One line of the session's chat, numbered without gaps within the session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveIntegerField()
    sender = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    # Made by the sender's browser: a resend after a lost answer is the same message.
    nonce = models.UUIDField()
    body = EncryptedTextField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["session", "seq"], name="chat_seq_once"),
            models.UniqueConstraint(fields=["session", "sender", "nonce"], name="chat_nonce_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} #{self.seq}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.session.appointment.child.data_key_id


class NoteFormat(models.TextChoices):
    SOAP = "soap", _("SOAP")
    DAP = "dap", _("DAP")
    BIRP = "birp", _("BIRP")


class SessionNote(models.Model):
    """The therapist's note: draft, then signed and locked for good (also by trigger)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="note")
    author = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    format = models.CharField(max_length=4, choices=NoteFormat, default=NoteFormat.SOAP)
    sections = EncryptedJSONField()  # {"subjective": str, ...} by the format
    # Raised by each save: a stale tab's autosave is refused instead of overwriting.
    revision = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["author", "updated_at"], condition=Q(signed_at=None), name="note_unsigned"
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="signed_is_locked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__signed_at__isnull=False),
            ),
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.format} {'signed' if self.signed_at else 'draft'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A signed row is never written again: NoteLocked here, and the trigger behind it."""
        if SessionNote.objects.filter(pk=self.pk, signed_at__isnull=False).exists():
            raise NoteLocked
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise NoteLocked

    def encryption_key_id(self) -> uuid.UUID:
        return self.appointment.child.data_key_id


class NoteAddendum(models.Model):
    """A dated, signed addition with its reason; the original stays as it was."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="addenda")
    author = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField()
    body = EncryptedTextField()
    signed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["signed_at"]
        verbose_name_plural = "addenda"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"addendum to {self.note_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise NoteLocked
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise NoteLocked

    def encryption_key_id(self) -> uuid.UUID:
        return self.note.appointment.child.data_key_id
