"""Chat: sealed, numbered without gaps, and harmless to resend.

`write_many` commits every line that waits in a process in one transaction (group commit): that is
what makes a durable chat as quick as a relay that keeps nothing.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.selectors import consent_statuses
from core.errors import DomainError
from core.prepared import EACH, EACH_MORE, MANY, MORE, NOW, Prepared
from scheduling.models import State
from sessions_app import broadcast
from sessions_app.access import enter, still_allowed
from sessions_app.errors import Ended, NotIn, Paused
from sessions_app.models import ChatMessage, Part, Participant, Place, Session, SessionState
from sessions_app.selectors import here


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody's words on their way to the database."""

    session_id: uuid.UUID
    participant_id: uuid.UUID
    user_id: uuid.UUID
    nonce: uuid.UUID
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A line and what became of it: `fresh` is false for a resend."""

    line: Line
    message: ChatMessage | None
    error: DomainError | None = None
    fresh: bool = False


# Written once (core.prepared): for every commit anew they took more processor time than the rest.
_SESSION_COLUMNS = (
    "state",
    "opened_for",
    "appointment__starts_at",
    "last_seq",
    "appointment__state",
    "appointment__child__birth_date",
    "appointment__child__place",
    "appointment__child__custody",
    "appointment__child__data_key",
    "appointment__child__user__time_zone",
)
_LOCKED = Prepared(
    lambda: (
        Session.objects.select_for_update(of=("self",))
        .filter(pk__in=EACH)
        .select_related("appointment__child__user")
        # A wide row for each room, at each commit, would cost more than the lines themselves.
        .only(*_SESSION_COLUMNS)
        .order_by("pk")
    )
)
_KNOWN = Prepared(lambda: ChatMessage.objects.filter(session__in=EACH, nonce__in=EACH_MORE))
_INSIDE = Prepared(
    lambda: Participant.objects.filter(
        still_allowed(NOW), session__in=EACH, place=Place.ADMITTED
    ).only("session_id", "part", "connection", "seen_at")
)


@transaction.atomic
def write_many(lines: Sequence[Line]) -> list[Written]:
    """Store all lines, in order, each checked against its writer's place at this moment.

    The sessions' rows are locked in one order (no deadlock between processes); numbers come from
    them, so a session's numbers have no gap even if a transaction is rolled back.
    """
    ids = sorted({line.session_id for line in lines})
    sessions = {row.pk: row for row in _LOCKED.rows({MANY: ids})}
    gate = _gate(sessions)
    nonces = list({line.nonce for line in lines})
    known = {
        (row.session_id, row.sender_id, row.nonce): row
        for row in _KNOWN.rows({MANY: ids, MORE: nonces})
    }
    fresh: list[ChatMessage] = []
    results = [_write(line, sessions.get(line.session_id), gate, known, fresh) for line in lines]
    ChatMessage.objects.bulk_create(fresh)
    touched = {row.session_id: sessions[row.session_id] for row in fresh}
    _keep_numbers({session.pk: session.last_seq for session in touched.values()})
    broadcast.chat_written({session.pk: session.last_seq for session in touched.values()})
    return results


def _keep_numbers(last: Mapping[uuid.UUID, int]) -> None:
    """The rows are locked. By hand: the ORM's CASE over a hundred rooms takes longer to write."""
    if not last:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_session SET last_seq = written.seq "
            "FROM unnest(%s::uuid[], %s::int[]) AS written (id, seq) "
            "WHERE sessions_app_session.id = written.id",
            [list(last), list(last.values())],
        )


@dataclass(frozen=True, slots=True)
class _Gate:
    inside: frozenset[uuid.UUID]  # participants: by their place, their relations and consent
    attended: frozenset[uuid.UUID]  # sessions whose therapist is connected


def _gate(sessions: Mapping[uuid.UUID, Session]) -> _Gate:
    """Who may write now, for all sessions of a commit in four queries."""
    children = {pk: session.appointment.child for pk, session in sessions.items()}
    consent = consent_statuses(children.values())
    rows = _INSIDE.rows({MANY: list(sessions), NOW: timezone.now()})
    return _Gate(
        inside=frozenset(
            row.pk
            for row in rows
            if row.part == Part.THERAPIST or consent[children[row.session_id].pk].stands
        ),
        attended=frozenset(
            row.session_id for row in rows if row.part == Part.THERAPIST and here(row)
        ),
    )


def _write(
    line: Line,
    session: Session | None,
    gate: _Gate,
    known: dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], ChatMessage],
    fresh: list[ChatMessage],
) -> Written:
    key = (line.session_id, line.user_id, line.nonce)
    if key in known:
        known[key].body  # noqa: B018  # opened here in a thread, for the answer
        return Written(line, known[key])
    if session is None or session.state == SessionState.ENDED:
        return Written(line, None, Ended())
    if session.appointment.state != State.BOOKED or session.is_moved:
        return Written(line, None, NotIn())
    if line.participant_id not in gate.inside:
        return Written(line, None, NotIn())
    if session.pk not in gate.attended:
        return Written(line, None, Paused())
    session.last_seq += 1
    message = ChatMessage(
        session=session,
        seq=session.last_seq,
        sender_id=line.user_id,
        nonce=line.nonce,
        body=line.text,
        sent_at=timezone.now(),
    )
    fresh.append(message)
    known[key] = message
    return Written(line, message, fresh=True)


def write(*, actor: User, appointment_id: uuid.UUID, nonce: uuid.UUID, text: str) -> ChatMessage:
    """One line by a plain form (sockets blocked, or no script). Same rules, same numbers."""
    seat = enter(actor, appointment_id)
    person = Participant.objects.filter(session__appointment=seat.appointment, user=actor).first()
    if person is None:
        raise NotIn
    line = Line(person.session_id, person.pk, actor.pk, nonce, text)
    written = write_many([line])[0]
    if written.error is not None or written.message is None:
        raise written.error or NotIn()
    return written.message
