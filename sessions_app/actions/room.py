"""Arriving, being let in, leaving, ending: the places of one session, held by the server."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.actions.reads import saw
from accounts.models import User
from accounts.selectors import consent_status
from core.actors import Actor
from core.audit.actions import record
from core.errors import NotVisible
from scheduling.models import Appointment
from sessions_app import broadcast
from sessions_app.access import Seat, Verb, check_open, enter, get_seat_for
from sessions_app.actions.outcome import derive_outcome
from sessions_app.errors import ChecklistFirst, ConsentMissing, Ended, RoomFull
from sessions_app.models import (
    Admission,
    Part,
    Participant,
    Place,
    Session,
    SessionState,
    StartChecklist,
)
from sessions_app.selectors import HEARD_WITHIN, here, present

# What `connection` says of somebody whose page asks instead of a socket.
BY_PAGE = "page"
# Everybody sends to everybody. Of four places the child's and the therapist's are always theirs.
MOST_GUESTS = 2


def ensure_session(appointment: Appointment) -> Session:
    """The appointment's session; two first arrivals at once make one row."""
    known: Session | None = getattr(appointment, "session", None)
    return known or Session.objects.get_or_create(appointment=appointment)[0]


def lock_session(appointment: Appointment) -> Session:
    """The one lock of a session's places: arrivals, admissions and the end queue here."""
    known = ensure_session(appointment)
    session = Session.objects.select_for_update().get(pk=known.pk)
    _begin_anew_if_moved(session, appointment)
    return session


def _begin_anew_if_moved(session: Session, appointment: Appointment) -> None:
    """Who was let in, and where the child was, held for the old time only (SAFETY.md, Sessions)."""
    if session.opened_for == appointment.starts_at or session.state == SessionState.ENDED:
        return
    if session.opened_for is not None:
        _put_out(session, Q(), Place.LEFT)
        session.participants.update(
            place=Place.LEFT, connection="", waiting_since=None, joined_at=None
        )
        StartChecklist.objects.filter(session=session).update(completed_at=None, completed_by=None)
        session.state, session.started_at = SessionState.PLANNED, None
    session.opened_for = appointment.starts_at
    session.save(update_fields=["opened_for", "state", "started_at"])


@transaction.atomic
def arrive(*, actor: User, appointment_id: uuid.UUID, connection: str) -> Participant:
    """Take one's seat: everybody waits, the therapist is in. A newer socket takes the seat over."""
    seat = enter(actor, appointment_id)
    saw(actor, "room.view", seat.appointment.child)
    session = lock_session(seat.appointment)
    if session.state == SessionState.ENDED:
        raise Ended
    now = timezone.now()
    person, _created = Participant.objects.get_or_create(
        session=session, user=actor, defaults={"part": seat.part, "waiting_since": now}
    )
    if person.place in {Place.LEFT, Place.REMOVED}:
        person.place, person.waiting_since = Place.WAITING, now
    _come_back(session, person)
    if person.part == Part.GUARDIAN and person.place == Place.WAITING and not _places_left(session):
        raise RoomFull
    person.part, person.connection, person.seen_at = seat.part, connection, now
    person.save(update_fields=["part", "place", "waiting_since", "connection", "seen_at"])
    if seat.part == Part.THERAPIST and person.place != Place.ADMITTED:
        _let_in(session, Q(pk=person.pk))
    _note_joined(session)
    broadcast.places_changed(session.pk)
    return Participant.objects.select_related("session").get(pk=person.pk)


def is_away(person: Participant) -> bool:
    """A guardian who was let in and is not here: what is said now is not for them."""
    inside = person.part == Part.GUARDIAN and person.place == Place.ADMITTED
    return inside and not here(person)


def _come_back(session: Session, person: Participant) -> None:
    """After a moment (a reload, a lost network) a guardian goes on, without what was said
    meanwhile; after longer they wait to be let in.
    """
    if not is_away(person):
        return
    now = timezone.now()
    # Still open only where no process saw them go: then by the clock up to when they were heard.
    _close_admissions(session, Q(participant=person), heard_until=person.seen_at)
    if person.seen_at and person.seen_at > now - HEARD_WITHIN:
        _open_admissions(session, [person.pk])
    else:
        person.place, person.waiting_since = Place.WAITING, now


def _places_left(session: Session) -> int:
    guests = session.participants.filter(part=Part.GUARDIAN, place=Place.ADMITTED)
    return MOST_GUESTS - guests.filter(seen_at__gt=timezone.now() - HEARD_WITHIN).count()


def _open_admissions(session: Session, participants: list[uuid.UUID]) -> None:
    now = timezone.now()
    Admission.objects.bulk_create(
        Admission(participant_id=pk, started_at=now, from_seq=session.last_seq)
        for pk in participants
    )


def _close_admissions(session: Session, whose: Q, heard_until: datetime | None = None) -> None:
    until = session.last_seq
    if heard_until is not None:
        heard = session.messages.filter(sent_at__lte=heard_until)
        until = heard.aggregate(last=Max("seq"))["last"] or 0
    rows = Admission.objects.filter(whose, participant__session=session, ended_at=None)
    rows.update(ended_at=timezone.now(), until_seq=Greatest(F("from_seq"), until))


def _note_joined(session: Session) -> None:
    """Attendance: one idempotent update at the first joining, for whoever is in and connected."""
    session.participants.filter(~Q(connection=""), place=Place.ADMITTED, joined_at=None).update(
        joined_at=timezone.now()
    )


def _let_in(session: Session, who: Q) -> int:
    """Waiting people to the room; who went by their own wish is not waiting."""
    waiting = session.participants.filter(who, place=Place.WAITING).order_by("waiting_since")
    left, ids = _places_left(session), []
    for pk, part in waiting.values_list("pk", "part"):
        if part == Part.GUARDIAN:
            left -= 1
        if part != Part.GUARDIAN or left >= 0:
            ids.append(pk)
    if left < 0 and not ids:
        raise RoomFull
    session.participants.filter(pk__in=ids).update(place=Place.ADMITTED, left_at=None)
    _open_admissions(session, ids)
    return len(ids)


def _put_out(session: Session, who: Q, place: Place) -> int:
    now = timezone.now()
    inside = session.participants.filter(who, place=Place.ADMITTED)
    ids = list(inside.values_list("pk", flat=True))
    session.participants.filter(pk__in=ids).update(place=place, left_at=now, waiting_since=now)
    _close_admissions(session, Q(participant__in=ids))
    return len(ids)


def _lock(actor: User, appointment_id: uuid.UUID, verb: Verb) -> tuple[Seat, Session]:
    seat = get_seat_for(actor, appointment_id, verb)
    if getattr(seat.appointment, "session", None) is None:
        raise NotVisible
    if verb == Verb.RUN:
        check_open(seat)
    session = lock_session(seat.appointment)
    if session.state == SessionState.ENDED:
        raise Ended
    return seat, session


@transaction.atomic
def admit(
    *, actor: User, appointment_id: uuid.UUID, participant: uuid.UUID | None = None
) -> Session:
    """Let one person (or everybody who waits) in. Never before the start list is complete."""
    seat, session = _lock(actor, appointment_id, Verb.RUN)
    checklist = getattr(session, "checklist", None)
    if checklist is None or checklist.completed_at is None:
        raise ChecklistFirst
    if not consent_status(seat.appointment.child).stands:
        raise ConsentMissing
    # "Everybody" is whom the therapist sees waiting, not somebody who closed the page an hour ago.
    let_in = _let_in(session, Q(pk=participant) if participant else present())
    _note_joined(session)
    if let_in and session.state == SessionState.PLANNED:
        session.state, session.started_at = SessionState.LIVE, timezone.now()
        session.save(update_fields=["state", "started_at"])
    if let_in:
        child_id = seat.appointment.child_id
        record(actor=actor, action="session.admit", obj=session, child_id=child_id)
        broadcast.places_changed(session.pk)
    return session


@transaction.atomic
def send_back(*, actor: User, appointment_id: uuid.UUID, participant: uuid.UUID) -> Session:
    """Back to the waiting room; the therapist cannot send themselves away."""
    seat, session = _lock(actor, appointment_id, Verb.RUN)
    if _put_out(session, Q(pk=participant) & ~Q(user=actor), Place.WAITING):
        child_id = seat.appointment.child_id
        record(actor=actor, action="session.send_back", obj=session, child_id=child_id)
        broadcast.places_changed(session.pk)
    return session


@transaction.atomic
def ask_mute(*, actor: User, appointment_id: uuid.UUID, participant: uuid.UUID) -> None:
    _seat, session = _lock(actor, appointment_id, Verb.RUN)
    if session.participants.filter(pk=participant, place=Place.ADMITTED).exists():
        broadcast.mute_asked(session.pk, participant)


@transaction.atomic
def leave(*, actor: User, appointment_id: uuid.UUID) -> None:
    """Goes by their own wish; may come back through the waiting room."""
    _seat, session = _lock(actor, appointment_id, Verb.ENTER)
    mine = Q(user=actor)
    _put_out(session, mine, Place.LEFT)
    session.participants.filter(mine).update(
        place=Place.LEFT, connection="", left_at=timezone.now()
    )
    broadcast.places_changed(session.pk)


@transaction.atomic
def end_for_all(*, actor: User, appointment_id: uuid.UUID) -> Session:
    """The session is over for everybody; the outcome is derived, unless a person set one."""
    seat, session = _lock(actor, appointment_id, Verb.RUN)
    _end(actor, session, seat.appointment)
    return session


def _end(actor: Actor, session: Session, appointment: Appointment) -> None:
    _begin_anew_if_moved(session, appointment)
    _put_out(session, Q(), Place.LEFT)
    session.state, session.ended_at = SessionState.ENDED, timezone.now()
    session.save(update_fields=["state", "ended_at"])
    derive_outcome(appointment)
    record(actor=actor, action="session.end", obj=session, child_id=appointment.child_id)
    broadcast.places_changed(session.pk)


@transaction.atomic
def close_forgotten(*, actor: Actor, after: timedelta) -> int:
    """End sessions whose time is long over and in which nobody is heard any more.

    Appointments that nobody came near get their outcome here as well.
    """
    now = timezone.now()
    rows = Session.objects.select_for_update(skip_locked=True).filter(
        ~Q(state=SessionState.ENDED), appointment__ends_at__lt=now - after
    )
    silent = rows.exclude(
        participants__in=Participant.objects.filter(seen_at__gt=now - timedelta(minutes=2))
    )
    closed = 0
    for session in silent.select_related("appointment__child__user")[:100]:
        _end(actor, session, session.appointment)
        closed += 1
    nobody = Appointment.objects.booked().filter(
        session=None, outcome="", outcome_by=None, ends_at__lt=now - after
    )
    for appointment in nobody.select_related("child__user")[:100]:
        derive_outcome(appointment)
        child_id = appointment.child_id
        record(actor=actor, action="session.outcome", obj=appointment, child_id=child_id)
    return closed


def waits_by_page(*, person: Participant) -> None:
    """Sockets are blocked: opening or asking the page says "I am here" for the next seconds.

    Never for a therapist: a page that asks is no professional who hears and sees (never alone).
    """
    if person.part == Part.THERAPIST or person.connection not in {"", BY_PAGE}:
        return
    # Only where no socket has taken the seat meanwhile.
    row = Participant.objects.filter(pk=person.pk, connection__in=["", BY_PAGE])
    row.update(connection=BY_PAGE, seen_at=timezone.now())
    if not here(person):
        _note_joined(person.session)
        broadcast.places_changed(person.session_id)


def seat_lost(*, participant_id: uuid.UUID, connection: str) -> None:
    """The socket is gone (not the person): only its own row of presence is cleared."""
    with transaction.atomic():
        row = Participant.objects.filter(pk=participant_id, connection=connection)
        person = row.first()
        if person is None:
            return
        session = Session.objects.select_for_update().get(pk=person.session_id)
        # Only if no newer socket has taken the seat meanwhile.
        if row.update(connection="", seen_at=timezone.now()):
            if person.part == Part.GUARDIAN:
                _close_admissions(session, Q(participant=person))
            broadcast.places_changed(session.pk)


def seen(*, participant_ids: list[uuid.UUID]) -> None:
    """Heartbeat of open sockets, one update for a whole process."""
    Participant.objects.filter(pk__in=participant_ids).update(seen_at=timezone.now())
