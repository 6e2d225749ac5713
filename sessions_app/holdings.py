"""What this app holds about a child: who was in a session, its chat, the start list, notes."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from core.registry import Category, Holding, Part, Reader, Sheet, Table, register
from sessions_app.models import ChatMessage, Participant, SessionNote, StartChecklist
from sessions_app.models import Part as SeatPart
from sessions_app.selectors import written_while_in

PATH = "session__appointment__child"


def register_all() -> None:
    register(
        Holding(
            name="sessions_app.attendance",
            category=Category.CLINICAL,
            tables=(
                Table("sessions_app.Admission", f"participant__{PATH}"),
                Table("sessions_app.Participant", PATH),
                Table("sessions_app.Session", "appointment__child"),
            ),
            export=_attendance,
        ),
        Holding(
            name="sessions_app.chat",
            category=Category.CLINICAL,
            tables=(Table("sessions_app.ChatMessage", PATH),),
            export=_chat,
        ),
        Holding(
            name="sessions_app.start_lists",
            category=Category.CLINICAL,
            tables=(Table("sessions_app.StartChecklist", PATH),),
            export=_start_lists,
        ),
        Holding(
            name="sessions_app.notes",
            category=Category.CLINICAL,
            tables=(
                Table("sessions_app.NoteAddendum", "note__appointment__child"),
                Table("sessions_app.SessionNote", "appointment__child"),
            ),
            export=_notes,
        ),
    )


def _attendance(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """When another adult came and went is theirs."""
    others = Q(part=SeatPart.GUARDIAN) & ~Q(user=reader.user_id)
    hidden = others if reader.part == Part.GUARDIAN else Q(pk__in=[])
    people = (
        Participant.objects.filter(~hidden, **{PATH: child_id}, joined_at__isnull=False)
        .select_related("user", "session__appointment")
        .order_by("session__appointment__starts_at", "joined_at")
    )
    rows: list[dict[str, object]] = [
        {
            "session": person.session.appointment.starts_at,
            "who": person.user.display_name,
            "as": person.get_part_display(),
            "came": person.joined_at,
            "left": person.left_at,
        }
        for person in people
    ]
    yield Sheet("attendance", _("Who was in the sessions"), rows)


def _chat(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """For a guardian what was written while they were in, as in the room itself."""
    lines = ChatMessage.objects.filter(**{PATH: child_id})
    if reader.part == Part.GUARDIAN:
        lines = lines.filter(_read_by(reader.user_id, child_id))
    found = lines.select_related("sender", "session__appointment__child").order_by("sent_at", "seq")
    rows: list[dict[str, object]] = [
        {
            "session": line.session.appointment.starts_at,
            "number": line.seq,
            "at": line.sent_at,
            "who": line.sender.display_name,
            "text": line.body,
        }
        for line in found
    ]
    yield Sheet("session_chat", _("Written in sessions"), rows)


def _read_by(user_id: UUID, child_id: UUID) -> Q:
    rule = Q(pk__in=[])
    for seat in Participant.objects.filter(user=user_id, **{PATH: child_id}):
        rule |= Q(session=seat.session_id) & written_while_in(seat)
    return rule


def _start_lists(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """Part of the clinical record: addresses and numbers of everybody in a household are in it."""
    if reader.part != Part.CARE_TEAM:
        return
    found = (
        StartChecklist.objects.filter(**{PATH: child_id})
        .select_related("session__appointment__child", "completed_by")
        .order_by("session__appointment__starts_at")
    )
    names = ("location", "place", "callback_number", "adult_location", "who_can_hear")
    rows = [
        {"session": row.session.appointment.starts_at}
        | {name: getattr(row, name) for name in names}
        | {"override_reason": row.override_reason, "completed_at": row.completed_at}
        for row in found
    ]
    yield Sheet("start_lists", _("Asked at the start of sessions"), rows)


def _notes(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """Full for the care team; a family gets notes on request, from a therapist (SAFETY.md).

    A draft is nobody's but its author's.
    """
    if reader.part != Part.CARE_TEAM:
        return
    found = (
        SessionNote.objects.filter(
            Q(signed_at__isnull=False) | Q(author=reader.user_id), appointment__child=child_id
        )
        .select_related("author", "appointment__child")
        .prefetch_related("addenda__author")
        .order_by("appointment__starts_at")
    )
    rows: list[dict[str, Any]] = []
    for note in found:
        about = {"session": note.appointment.starts_at, "format": note.format}
        for name, text in note.sections.items():
            rows.append(
                about
                | {"part": name, "text": text, "reason": None}
                | {"by": note.author.display_name, "signed_at": note.signed_at}
            )
        for added in note.addenda.all():
            added.note = note
            rows.append(
                about
                | {"part": "addendum", "text": added.body, "reason": added.reason}
                | {"by": added.author.display_name, "signed_at": added.signed_at}
            )
    yield Sheet("notes", _("Notes"), rows)
