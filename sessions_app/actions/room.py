"""Arriving, being let in, leaving, ending: the places of one session, held by the server."""

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.selectors import consent_status
from core.actors import Actor
from core.audit.actions import record
from core.errors import NotVisible
from scheduling.models import Appointment
from sessions_app import broadcast
from sessions_app.access import Seat, Verb, enter, get_seat_for
from sessions_app.actions.outcome import derive_outcome
from sessions_app.errors import ChecklistFirst, ConsentMissing, Ended
from sessions_app.models import Admission, Part, Participant, Place, Session, SessionState
from sessions_app.selectors import here, present

# What `connection` says of somebody whose page asks instead of a socket.
BY_PAGE = "page"


def ensure_session(appointment: Appointment) -> Session:
    """The appointment's session; two first arrivals at once make one row."""
    known: Session | None = getattr(appointment, "session", None)
    return known or Session.objects.get_or_create(appointment=appointment)[0]


@transaction.atomic
def arrive(*, actor: User, appointment_id: uuid.UUID, connection: str) -> Participant:
    """Take one's seat: everybody waits, the therapist is in. A newer socket takes the seat over."""
    seat = enter(actor, appointment_id)
    session = ensure_session(seat.appointment)
    # The session's row is the one lock of its places: arrivals, admissions and the end queue here.
    session = Session.objects.select_for_update().get(pk=session.pk)
    if session.state == SessionState.ENDED:
        raise Ended
    now = timezone.now()
    person, _created = Participant.objects.get_or_create(
        session=session, user=actor, defaults={"part": seat.part, "waiting_since": now}
    )
    if person.place in {Place.LEFT, Place.REMOVED}:
        person.place, person.waiting_since = Place.WAITING, now
    person.part, person.connection, person.seen_at = seat.part, connection, now
    person.save(update_fields=["part", "place", "waiting_since", "connection", "seen_at"])
    if seat.part == Part.THERAPIST and person.place != Place.ADMITTED:
        _let_in(session, Q(pk=person.pk))
    _note_joined(session)
    broadcast.places_changed(session.pk)
    return Participant.objects.select_related("session").get(pk=person.pk)


def _note_joined(session: Session) -> None:
    """Attendance: one idempotent update at the first joining, for whoever is in and connected."""
    session.participants.filter(~Q(connection=""), place=Place.ADMITTED, joined_at=None).update(
        joined_at=timezone.now()
    )


def _let_in(session: Session, who: Q) -> int:
    """Waiting people to the room; who went by their own wish is not waiting."""
    now = timezone.now()
    waiting = session.participants.filter(who, place=Place.WAITING)
    ids = list(waiting.values_list("pk", flat=True))
    session.participants.filter(pk__in=ids).update(place=Place.ADMITTED, left_at=None)
    Admission.objects.bulk_create(Admission(participant_id=pk, started_at=now) for pk in ids)
    return len(ids)


def _put_out(session: Session, who: Q, place: Place) -> int:
    now = timezone.now()
    inside = session.participants.filter(who, place=Place.ADMITTED)
    ids = list(inside.values_list("pk", flat=True))
    session.participants.filter(pk__in=ids).update(place=place, left_at=now, waiting_since=now)
    Admission.objects.filter(participant__in=ids, ended_at=None).update(ended_at=now)
    return len(ids)


def _lock(actor: User, appointment_id: uuid.UUID, verb: Verb) -> tuple[Seat, Session]:
    seat = get_seat_for(actor, appointment_id, verb)
    session = Session.objects.select_for_update().filter(appointment=seat.appointment).first()
    if session is None:
        raise NotVisible
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
        session_id = row.values_list("session_id", flat=True).first()
        if row.update(connection="") and session_id:
            broadcast.places_changed(session_id)


def seen(*, participant_ids: list[uuid.UUID]) -> None:
    """Heartbeat of open sockets, one update for a whole process."""
    Participant.objects.filter(pk__in=participant_ids).update(seen_at=timezone.now())
