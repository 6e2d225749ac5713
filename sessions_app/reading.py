"""What a process reads about one room: places, who may still be here, who is still signed in."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.sessions.models import Session as SignIn
from django.utils import timezone

from accounts.selectors import consent_status
from scheduling.models import State
from sessions_app.access import CLOSES_AFTER, Verb, people_who_can
from sessions_app.models import Part, Session, SessionState
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
    # A colleague of the care team may treat the child, but has no part in this session.
    may -= {
        p.user_id
        for p in people
        if p.part == Part.THERAPIST and p.user_id != appointment.therapist.user_id
    }
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
    keys = SignIn.objects.filter(session_key__in=sign_ins, expire_date__gt=timezone.now())
    return Reading(view, frozenset(keys.values_list("session_key", flat=True)), session.last_seq)
