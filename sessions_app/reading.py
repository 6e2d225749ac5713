"""What a process reads about one room: places, who may still be here, who is still signed in."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session as SignIn
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.selectors import consent_status
from scheduling.models import State
from sessions_app.access import CLOSES_AFTER, Verb, people_who_can
from sessions_app.models import Participant, Session, SessionState
from sessions_app.selectors import RoomView, participants


@dataclass(frozen=True)
class Reading:
    view: RoomView
    signed_in: frozenset[str]
    last_seq: int


def read_room(session_id: uuid.UUID, sign_ins: Collection[str]) -> Reading:
    """One reading for all of a process's sockets in a room (STYLE.md, Three flows: Socket)."""
    session = Session.objects.select_related(
        "appointment__child__user", "appointment__therapist__user", "checklist"
    ).get(pk=session_id)
    appointment = session.appointment
    people = participants(session_id)
    may = set(people_who_can(Verb.ENTER, appointment).values_list("pk", flat=True))
    if not consent_status(appointment.child).stands:
        may &= {appointment.therapist.user_id}
    live = session.state == SessionState.LIVE
    in_time = live or timezone.now() <= appointment.ends_at + CLOSES_AFTER
    is_open = appointment.state == State.BOOKED and session.state != SessionState.ENDED and in_time
    checklist = getattr(session, "checklist", None)
    view = RoomView(
        session=session,
        people=people,
        checklist_done=bool(checklist and checklist.completed_at),
        allowed=frozenset(may),
        open=is_open,
    )
    return Reading(view, _signed_in(sign_ins, people), session.last_seq)


def _signed_in(keys: Collection[str], people: Collection[Participant]) -> frozenset[str]:
    """The sign-ins that still hold, judged as a page would: a new password ends the old ones."""
    users = {str(person.user_id): person.user for person in people}
    rows = SignIn.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return frozenset(row.session_key for row in rows if _holds(row.get_decoded(), users))


def _holds(data: dict[str, Any], users: dict[str, User]) -> bool:
    user = users.get(data.get(SESSION_KEY, ""))
    if user is None:
        return False
    kept = data.get(HASH_SESSION_KEY, "")
    known = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(kept, one) for one in known)
