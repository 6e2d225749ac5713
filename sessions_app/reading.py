"""What a process reads about its rooms: places, who may still be here, who is still signed in."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session as SignIn
from django.db.models import BooleanField, ExpressionWrapper, F, FilteredRelation, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.selectors import ConsentStatus, consent_statuses
from core.prepared import EACH, MANY, NOW, Prepared
from scheduling.models import CLOSES_AFTER, OPENS_BEFORE, State
from sessions_app.access import STATES, still_allowed
from sessions_app.models import Part, Participant, Session, SessionState
from sessions_app.selectors import RoomView


@dataclass(frozen=True)
class Reading:
    view: RoomView
    signed_in: frozenset[str]
    last_seq: int


_SESSIONS = Prepared(
    lambda: Session.objects.filter(pk__in=EACH).select_related(
        "appointment__child__user", "appointment__therapist__user", "checklist"
    )
)
_PEOPLE = Prepared(
    lambda: (
        Participant.objects.filter(session__in=EACH)
        .annotate(
            may_enter=ExpressionWrapper(still_allowed(NOW), BooleanField()),
            # A guardian hears what is written after this number; None: nothing now.
            inside=FilteredRelation("admissions", condition=Q(admissions__ended_at=None)),
            from_seq=F("inside__from_seq"),
        )
        .select_related("user")
        .order_by("waiting_since", "pk")
    )
)


def read_rooms(sign_ins: Mapping[uuid.UUID, Collection[str]]) -> dict[uuid.UUID, Reading]:
    """One reading for all of a process's sockets in each room (STYLE.md, Three flows: Socket).

    By session: the sign-ins of those sockets. As many queries for a hundred rooms as for one.
    """
    asked = {MANY: list(sign_ins), NOW: timezone.now()}
    sessions = _SESSIONS.rows(asked)
    people: dict[uuid.UUID, list[Participant]] = {pk: [] for pk in sign_ins}
    for person in _PEOPLE.rows(asked):
        people[person.session_id].append(person)
    consent = consent_statuses([row.appointment.child for row in sessions])
    keys = {key for some in sign_ins.values() for key in some}
    holders = _holders(keys, [person.user for some in people.values() for person in some])
    return {
        row.pk: Reading(
            _view(row, people[row.pk], consent[row.appointment.child_id]),
            frozenset(
                key
                for key in sign_ins[row.pk]
                if holders.get(key) in {person.user_id for person in people[row.pk]}
            ),
            row.last_seq,
        )
        for row in sessions
    }


def _view(session: Session, people: list[Participant], consent: ConsentStatus) -> RoomView:
    appointment = session.appointment
    # Not before it opens: it may have been moved while people were in it.
    opened = timezone.now() >= appointment.starts_at - OPENS_BEFORE and not session.is_moved
    live = session.state == SessionState.LIVE
    in_time = live or timezone.now() <= appointment.ends_at + CLOSES_AFTER
    checklist = getattr(session, "checklist", None)
    return RoomView(
        session=session,
        people=people,
        checklist_done=bool(checklist and checklist.completed_at),
        allowed=frozenset(
            person.user_id
            for person in people
            if opened
            and person.may_enter  # type: ignore[attr-defined]  # annotated
            and appointment.state in STATES
            and (person.part == Part.THERAPIST or consent.stands)
        ),
        open=appointment.state == State.BOOKED and session.state != SessionState.ENDED and in_time,
    )


def _holders(keys: Collection[str], users: Iterable[User]) -> dict[str, uuid.UUID]:
    """Whose each sign-in is, of those that still hold, judged as a page would: a new password
    ends the old ones.
    """
    known = {str(user.pk): user for user in users}
    rows = SignIn.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    found = {row.session_key: _holder(row.get_decoded(), known) for row in rows}
    return {key: user.pk for key, user in found.items() if user is not None}


def _holder(data: dict[str, Any], users: Mapping[str, User]) -> User | None:
    user = users.get(data.get(SESSION_KEY, ""))
    if user is None:
        return None
    kept = data.get(HASH_SESSION_KEY, "")
    known = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return user if any(constant_time_compare(kept, one) for one in known) else None
