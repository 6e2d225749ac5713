"""Who was there and how it ended: derived from what happened, and a person's word stands."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import AssentAnswer
from accounts.selectors import current_document
from core.audit.models import AuditEvent
from core.errors import NotVisible
from scheduling import actions as booking
from scheduling.models import Appointment, CancelReason, Outcome, State
from sessions_app.actions import outcome, room
from sessions_app.models import Participant, Session
from sessions_app.tasks import close_forgotten_sessions
from tests.cast import Cast
from tests.sessions_app.steps import admitted, appointment_now, arrived, listed, seat_of
from tests.threads import beside


def ended(cast: Cast, appointment: Appointment) -> str:
    room.end_for_all(actor=cast.amara, appointment_id=appointment.pk)
    appointment.refresh_from_db()
    return appointment.outcome


def test_joined_is_when_somebody_was_first_in_and_connected(signed: Cast, now: Appointment) -> None:
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    assert seat_of(signed.sam, now).joined_at is None, "waiting is not joining"
    listed(signed, now)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    first = seat_of(signed.sam, now).joined_at
    assert first is not None
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    arrived(signed.sam, now)
    assert seat_of(signed.sam, now).joined_at == first, "coming back changes nothing"


def test_let_in_but_already_gone_has_not_joined(signed: Cast, now: Appointment) -> None:
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    room.seat_lost(participant_id=person.pk, connection=person.connection)
    listed(signed, now)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    assert seat_of(signed.sam, now).joined_at is None
    arrived(signed.sam, now)
    assert seat_of(signed.sam, now).joined_at is not None


def test_a_page_without_a_socket_is_no_therapist_in_the_room(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    as_user(signed.amara).get(reverse("session_room", args=[now.pk]))
    assert seat_of(signed.amara, now).joined_at is None
    arrived(signed.amara, now)
    assert seat_of(signed.amara, now).joined_at is not None


@pytest.mark.django_db(transaction=True)
def test_admitted_by_two_presses_at_once_is_joined_once(signed: Cast, now: Appointment) -> None:
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    listed(signed, now)
    barrier = threading.Barrier(3)

    def press() -> None:
        barrier.wait(timeout=10)
        room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
        connection.close()

    threads = [beside(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert person.admissions.count() == 1


def test_completed_when_child_and_therapist_met(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    assert ended(signed, now) == Outcome.COMPLETED


def test_nobody_came(signed: Cast, now: Appointment) -> None:
    arrived(signed.amara, now)
    assert ended(signed, now) == Outcome.NO_SHOW


def test_a_child_who_said_not_now_did_not_fail_to_come(signed: Cast, now: Appointment) -> None:
    accounts.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.NOT_NOW,
    )
    arrived(signed.amara, now)
    assert ended(signed, now) == Outcome.CANCELLED


def test_a_child_who_came_and_never_got_in_is_no_no_show(signed: Cast, now: Appointment) -> None:
    arrived(signed.sam, now)
    arrived(signed.amara, now)
    assert ended(signed, now) == Outcome.TECHNICAL


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (CancelReason.FLARE, Outcome.FLARE),
        (CancelReason.NOT_NOW, Outcome.CANCELLED),
        (CancelReason.CLINIC, Outcome.CANCELLED),
    ],
)
def test_cancelled_and_a_flare_is_never_a_fault(
    signed: Cast, reason: CancelReason, expected: Outcome
) -> None:
    start = timezone.now() + timedelta(days=2)
    later = appointment_now(signed, starts_at=start, ends_at=start + timedelta(minutes=50))
    booking.cancel(actor=signed.amara, appointment=later, reason=reason)
    later.refresh_from_db()
    assert later.outcome == expected
    outcome.derive_outcome(later)
    later.refresh_from_db()
    assert later.outcome == expected, "derived again, it is the same"


def test_an_outcome_set_by_hand_is_never_overwritten(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    url = reverse("session_outcome", args=[now.pk])
    assert as_user(signed.amara).post(url, {"outcome": Outcome.TECHNICAL}).status_code == 302
    assert ended(signed, now) == Outcome.TECHNICAL
    outcome.derive_outcome(now)
    with time_machine.travel(now.ends_at + timedelta(hours=2)):
        close_forgotten_sessions()
    now.refresh_from_db()
    assert (now.outcome, now.outcome_by) == (Outcome.TECHNICAL, signed.amara)
    assert AuditEvent.objects.filter(action="session.outcome", child_id=now.child_id).count() == 1


def test_a_derived_outcome_can_be_put_right_by_hand(signed: Cast, now: Appointment) -> None:
    arrived(signed.amara, now)
    assert ended(signed, now) == Outcome.NO_SHOW
    outcome.set_outcome(actor=signed.amara, appointment_id=now.pk, outcome=Outcome.FLARE)
    now.refresh_from_db()
    assert (now.outcome, now.outcome_by) == (Outcome.FLARE, signed.amara)


def test_nonsense_is_no_outcome(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    url = reverse("session_outcome", args=[now.pk])
    as_user(signed.amara).post(url, {"outcome": "wonderful"})
    now.refresh_from_db()
    assert now.outcome == ""


def test_only_the_therapist_of_the_session_says_how_it_went(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    users: list[Any] = [signed.sam, signed.maria, signed.dad, *signed.strangers_to_sam]
    for user in users:
        with pytest.raises(NotVisible):
            outcome.set_outcome(actor=user, appointment_id=now.pk, outcome=Outcome.NO_SHOW)
        url = reverse("session_outcome", args=[now.pk])
        assert as_user(user).post(url, {"outcome": Outcome.NO_SHOW}).status_code == 404
    now.refresh_from_db()
    assert now.outcome == ""


def test_where_nobody_came_near_the_sweep_says_so(signed: Cast, now: Appointment) -> None:
    week = timedelta(days=7)
    by_hand = appointment_now(
        signed, starts_at=now.starts_at - week, ends_at=now.ends_at - week, outcome=Outcome.FLARE
    )
    to_come = appointment_now(
        signed, starts_at=now.starts_at + week, ends_at=now.ends_at + week, therapist=signed.ben_t
    )
    held = appointment_now(
        signed,
        starts_at=now.starts_at - 2 * week,
        ends_at=now.ends_at - 2 * week,
        state=State.EXPIRED,
    )
    with time_machine.travel(now.ends_at + timedelta(minutes=61)):
        close_forgotten_sessions()
        close_forgotten_sessions()
    for one in (now, by_hand, to_come, held):
        one.refresh_from_db()
    assert (now.outcome, now.outcome_by) == (Outcome.NO_SHOW, None)
    assert (by_hand.outcome, to_come.outcome, held.outcome) == (Outcome.FLARE, "", "")
    event = AuditEvent.objects.get(action="session.outcome")
    assert event.actor_name == "close_forgotten"
    assert not Session.objects.exists()
    assert not Participant.objects.exists()


def test_a_forgotten_session_gets_its_outcome(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    with time_machine.travel(now.ends_at + timedelta(hours=3)):
        close_forgotten_sessions()
    now.refresh_from_db()
    assert now.outcome == Outcome.COMPLETED
