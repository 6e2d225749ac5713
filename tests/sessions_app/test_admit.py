"""Letting in, sending back, leaving, ending: only the therapist of this session decides."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts import actions as accounts
from core.audit.models import AuditEvent
from core.errors import NotVisible
from sessions_app.actions import room
from sessions_app.errors import ChecklistFirst, ConsentMissing, Ended
from sessions_app.models import Admission, Participant, Place, Session, SessionState
from sessions_app.tasks import close_forgotten_sessions
from tests.cast import Cast
from tests.sessions_app.steps import (
    admitted,
    appointment_now,
    arrived,
    listed,
    seat_of,
    session_of,
)
from tests.threads import beside


def test_nobody_before_the_start_list_is_complete(signed: Cast) -> None:
    now = appointment_now(signed)
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    for who in (person.pk, None):
        with pytest.raises(ChecklistFirst):
            room.admit(actor=signed.amara, appointment_id=now.pk, participant=who)
    assert seat_of(signed.sam, now).place == Place.WAITING
    assert session_of(now).state == SessionState.PLANNED


def test_one_is_let_in_and_the_other_keeps_waiting(signed: Cast) -> None:
    now = appointment_now(signed)
    arrived(signed.maria, now)
    admitted(signed, signed.sam, now)
    assert seat_of(signed.sam, now).place == Place.ADMITTED
    assert seat_of(signed.maria, now).place == Place.WAITING
    session = session_of(now)
    assert session.state == SessionState.LIVE
    assert session.started_at is not None
    assert AuditEvent.objects.filter(action="session.admit", child_id=now.child_id).count() == 1


def test_letting_everyone_in_means_those_who_wait_now(signed: Cast) -> None:
    """Not who closed the page long ago, and not who went by their own wish."""
    now = appointment_now(signed)
    arrived(signed.maria, now)
    Participant.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    arrived(signed.amara, now)
    arrived(signed.sam, now)
    listed(signed, now)
    room.admit(actor=signed.amara, appointment_id=now.pk)
    assert seat_of(signed.sam, now).place == Place.ADMITTED
    assert seat_of(signed.maria, now).place == Place.WAITING
    arrived(signed.maria, now)
    room.admit(actor=signed.amara, appointment_id=now.pk)
    assert seat_of(signed.maria, now).place == Place.ADMITTED
    room.leave(actor=signed.maria, appointment_id=now.pk)
    room.admit(actor=signed.amara, appointment_id=now.pk)
    gone = seat_of(signed.maria, now)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=gone.pk)
    assert seat_of(signed.maria, now).place == Place.LEFT


def test_pressed_twice_lets_in_once(signed: Cast) -> None:
    now = appointment_now(signed)
    person = admitted(signed, signed.sam, now)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    assert Admission.objects.filter(participant=person).count() == 1
    assert AuditEvent.objects.filter(action="session.admit").count() == 1


def test_a_person_of_another_session_is_not_let_in_here(signed: Cast) -> None:
    now = appointment_now(signed)
    other = appointment_now(
        signed, child=signed.timo_child, therapist=signed.ben_t, booked_by=signed.olga
    )
    stranger = arrived(signed.ben, other)
    admitted(signed, signed.sam, now)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=stranger.pk)
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=stranger.pk)
    assert seat_of(signed.ben, other).place == Place.ADMITTED
    assert session_of(now).participants.count() == 2


def test_withdrawn_consent_keeps_a_waiting_family_out(signed: Cast) -> None:
    now = appointment_now(signed)
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    listed(signed, now)
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    with pytest.raises(ConsentMissing):
        room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    assert seat_of(signed.sam, now).place == Place.WAITING


def test_sent_back_and_let_in_again(signed: Cast) -> None:
    now = appointment_now(signed)
    person = admitted(signed, signed.sam, now)
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    assert seat_of(signed.sam, now).place == Place.WAITING
    assert AuditEvent.objects.filter(action="session.send_back").count() == 1
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    assert [row.ended_at is None for row in person.admissions.order_by("started_at")] == [
        False,
        True,
    ]


def test_the_therapist_cannot_send_themselves_away(signed: Cast) -> None:
    now = appointment_now(signed)
    admitted(signed, signed.sam, now)
    me = seat_of(signed.amara, now)
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=me.pk)
    assert seat_of(signed.amara, now).place == Place.ADMITTED


def test_who_left_comes_back_through_the_waiting_room(signed: Cast) -> None:
    now = appointment_now(signed)
    person = admitted(signed, signed.sam, now)
    room.leave(actor=signed.sam, appointment_id=now.pk)
    gone = seat_of(signed.sam, now)
    assert (gone.place, gone.connection) == (Place.LEFT, "")
    assert gone.left_at is not None
    assert not person.admissions.filter(ended_at=None).exists()
    assert arrived(signed.sam, now).place == Place.WAITING


def test_the_end_puts_everybody_out_for_good(signed: Cast) -> None:
    now = appointment_now(signed)
    person = admitted(signed, signed.sam, now)
    session = room.end_for_all(actor=signed.amara, appointment_id=now.pk)
    assert session.state == SessionState.ENDED
    assert not session.participants.filter(place=Place.ADMITTED).exists()
    assert not Admission.objects.filter(ended_at=None).exists()
    assert AuditEvent.objects.filter(action="session.end", child_id=now.child_id).count() == 1
    for again in (
        lambda: room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk),
        lambda: room.end_for_all(actor=signed.amara, appointment_id=now.pk),
        lambda: arrived(signed.sam, now),
    ):
        with pytest.raises(Ended):
            again()


VERBS: dict[str, Callable[..., Any]] = {
    "admit": room.admit,
    "send_back": room.send_back,
    "ask_mute": room.ask_mute,
    "end": room.end_for_all,
}


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_but_the_therapist_runs_the_session(signed: Cast, verb: str) -> None:
    now = appointment_now(signed)
    person = admitted(signed, signed.sam, now)
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    who = {} if verb == "end" else {"participant": person.pk}
    for user in (signed.sam, signed.maria, signed.dad, *signed.strangers_to_sam):
        for about in (now.pk, uuid.uuid4()):
            with pytest.raises(NotVisible):
                VERBS[verb](actor=user, appointment_id=about, **who)
    assert seat_of(signed.sam, now).place == Place.ADMITTED
    assert session_of(now).state == SessionState.LIVE


def test_before_anybody_came_there_is_nothing_to_run(signed: Cast) -> None:
    now = appointment_now(signed)
    with pytest.raises(NotVisible):
        room.admit(actor=signed.amara, appointment_id=now.pk)
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_admit_and_end_pressed_together_leave_nobody_inside(signed: Cast) -> None:
    """Two tabs of the therapist: whichever comes first, after the end nobody is in."""
    now = appointment_now(signed)
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    listed(signed, now)
    barrier = threading.Barrier(2)

    def press(action: Callable[..., Any], **who: Any) -> None:
        try:
            barrier.wait(timeout=10)
            action(actor=signed.amara, appointment_id=now.pk, **who)
        except Ended:
            pass
        finally:
            connection.close()

    threads = [
        beside(target=press, args=(room.admit,), kwargs={"participant": person.pk}),
        beside(target=press, args=(room.end_for_all,)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert session_of(now).state == SessionState.ENDED
    assert not Admission.objects.filter(ended_at=None).exists()
    assert seat_of(signed.sam, now).place != Place.ADMITTED


def test_the_sweep_ends_what_everybody_forgot_and_nothing_that_goes_on(signed: Cast) -> None:
    now = appointment_now(signed)
    admitted(signed, signed.sam, now)
    later = now.ends_at + timedelta(minutes=70)
    with time_machine.travel(later, tick=False):
        room.seen(participant_ids=[seat_of(signed.amara, now).pk])
        assert close_forgotten_sessions() == 0
    with time_machine.travel(later + timedelta(minutes=5), tick=False):
        assert close_forgotten_sessions() == 1
        assert close_forgotten_sessions() == 0
    assert session_of(now).state == SessionState.ENDED
    event = AuditEvent.objects.get(action="session.end")
    assert event.actor_name == "close_forgotten"
