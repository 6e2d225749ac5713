"""Reads of live sessions: places, chat, notes that wait."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Child, User
from core.prepared import PERSON, SUBJECT, Prepared
from scheduling.models import Appointment, Outcome, State
from sessions_app.access import Seat, Verb, visible_appointments
from sessions_app.models import (
    Admission,
    ChatMessage,
    Part,
    Participant,
    Place,
    Session,
    SessionNote,
)

# A seat is "here" while its socket was heard this recently (its process says so every 5 seconds).
HEARD_WITHIN = timedelta(seconds=20)
CHAT_PAGE = 200
MISSED_PAGE = 1_000


def here(person: Participant) -> bool:
    return bool(
        person.connection and person.seen_at and person.seen_at > timezone.now() - HEARD_WITHIN
    )


def present(heard_since: datetime | None = None) -> Q:
    """The same question for many rows of Participant."""
    return ~Q(connection="") & Q(seen_at__gt=heard_since or timezone.now() - HEARD_WITHIN)


@dataclass(frozen=True)
class RoomView:
    """What a process needs to tell everybody in one room, read once for all its sockets."""

    session: Session
    people: list[Participant]
    checklist_done: bool
    # Who may be here now by their relations; checked again with every reading.
    allowed: frozenset[uuid.UUID]
    open: bool

    @property
    def paused(self) -> bool:
        """Never alone: with no therapist connected, everybody's media stops."""
        return not any(
            p.part == Part.THERAPIST and p.place == Place.ADMITTED and here(p) for p in self.people
        )

    def hears(self, participant_id: uuid.UUID, seq: int) -> bool:
        """Whether the line of this number is for this person, by their place as of this reading."""
        for person in self.people:
            if person.pk == participant_id and person.place == Place.ADMITTED:
                if person.part != Part.GUARDIAN:
                    return True
                from_seq: int | None = getattr(person, "from_seq", None)
                return from_seq is not None and seq > from_seq
        return False

    def listed(self, reader: uuid.UUID) -> list[dict[str, Any]]:
        """Who is here, for one reader. Who waits learns of the therapist and of nobody else: the
        other household may be here, too.
        """
        inside = any(p.pk == reader and p.place == Place.ADMITTED for p in self.people)
        return [
            {
                "id": str(person.pk),
                "name": person.user.display_name,
                "part": person.part,
                "place": person.place,
                "here": here(person),
            }
            for person in self.people
            if person.place in {Place.WAITING, Place.ADMITTED}
            and (inside or person.pk == reader or person.part == Part.THERAPIST)
        ]


def unsigned_notes(user: User, now: datetime | None = None) -> QuerySet[Appointment]:
    """Past sessions of this therapist whose note is missing or not signed yet, oldest first."""
    return (
        visible_appointments(user, Verb.RUN, now)
        .filter(
            Q(ends_at__lte=now or timezone.now()) | Q(session__state="ended"),
            ~Q(outcome=Outcome.NO_SHOW),
            state=State.BOOKED,
        )
        .filter(Q(note=None) | Q(note__signed_at=None))
        .select_related("child__user", "note")
        .order_by("starts_at")
    )


def waiting_now(
    user: User, now: datetime | None = None, *, heard_since: datetime | None = None
) -> QuerySet[Appointment]:
    """This therapist's sessions in which somebody is in the waiting room now."""
    waiting = Participant.objects.filter(present(heard_since), place=Place.WAITING)
    return (
        visible_appointments(user, Verb.RUN, now)
        .filter(session__in=waiting.values("session_id"))
        .exclude(session__state="ended")
        .select_related("child__user")
        .order_by("starts_at")
    )


def chat_since(
    session_id: uuid.UUID, seq: int, reader: Participant | None = None
) -> list[ChatMessage]:
    """Messages after `seq`, in order; none for a reader who was not let in.

    A guardian gets only what was written while they were in.
    """
    if reader is not None and reader.place != Place.ADMITTED:
        return []
    found = ChatMessage.objects.filter(session_id=session_id, seq__gt=seq).select_related("sender")
    if reader is not None and reader.part == Part.GUARDIAN:
        found = found.filter(written_while_in(reader))
    return list(found.select_related("session__appointment__child").order_by("seq")[:CHAT_PAGE])


def written_while_in(reader: Participant) -> Q:
    """Lines of chat from the times in which this person was in the session."""
    inside = Q(pk__in=[])
    for row in Admission.objects.filter(participant=reader):
        until = Q() if row.until_seq is None else Q(seq__lte=row.until_seq)
        inside |= Q(seq__gt=row.from_seq) & until
    return inside


MISSED = """
    SELECT message.*, seat.id AS seat_id, person.display_name AS name
    FROM unnest(%s::uuid[], %s::int[]) AS known (session_id, seq)
    JOIN sessions_app_chatmessage message
      ON message.session_id = known.session_id AND message.seq > known.seq
    JOIN sessions_app_participant seat
      ON seat.session_id = message.session_id AND seat.user_id = message.sender_id
    JOIN accounts_user person ON person.id = message.sender_id
    ORDER BY message.session_id, message.seq
    LIMIT %s
"""


def chat_missed(since: Mapping[uuid.UUID, int]) -> list[ChatMessage]:
    """What was written in many rooms, in each after the number known there: one query.

    In order within each room, at most MISSED_PAGE in all. By hand: the ORM would need a condition,
    and a plan of its own, for every room. Rows also carry `seat_id` and `name` of the sender.
    """
    numbers = list(since.values())
    return list(ChatMessage.objects.raw(MISSED, [list(since), numbers, MISSED_PAGE]))


def missed_event(row: Any) -> dict[str, Any]:
    """One row of `chat_missed`, as the socket sends it."""
    return _event(row, str(row.seat_id), row.name)


def _event(row: ChatMessage, seat: str, name: str) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "nonce": str(row.nonce),
        "sender": seat,
        "name": name,
        "text": row.body,
        "at": row.sent_at.isoformat(),
    }


_PLACE = Prepared(
    lambda: Participant.objects.filter(session__appointment=SUBJECT, user=PERSON).select_related(
        "session__appointment", "session__checklist"
    )
)


def place_of(seat: Seat) -> Participant | None:
    """Where this person stands in this session; None before they first came, or after a move."""
    found = _PLACE.rows({SUBJECT: seat.appointment.pk, PERSON: seat.user.pk})
    return found[0] if found and not found[0].session.is_moved else None


def note_of(seat: Seat) -> SessionNote | None:
    """The session's one note, draft or signed, for whoever runs it."""
    return SessionNote.objects.filter(appointment=seat.appointment).first()


def signed_notes(child: Child) -> QuerySet[SessionNote]:
    """Newest first, with what was added. A draft is nobody's but its author's."""
    return (
        SessionNote.objects.filter(appointment__child=child, signed_at__isnull=False)
        .select_related("author", "appointment__child")
        .prefetch_related("addenda__author", "addenda__note__appointment__child")
        .order_by("-appointment__starts_at")
    )


_EVERYONE = Prepared(
    lambda: (
        Participant.objects.filter(session_id=SUBJECT)
        .select_related("user", "session")
        .order_by("waiting_since", "pk")
    )
)


def participants(session_id: uuid.UUID) -> list[Participant]:
    return _EVERYONE.rows({SUBJECT: session_id})


def as_events(
    messages: Iterable[ChatMessage], people: Sequence[Participant]
) -> list[dict[str, Any]]:
    """Chat lines as the socket and the fall-back send them."""
    seats = {person.user_id: str(person.pk) for person in people}
    return [_event(row, seats.get(row.sender_id, ""), row.sender.display_name) for row in messages]
