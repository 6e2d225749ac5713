"""Coming to a session: who waits, who is refused and why, and one seat per person."""

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import AssentAnswer, GuardianLink, Scope
from accounts.selectors import current_document
from core.errors import NotVisible
from scheduling.models import State
from sessions_app.actions import room
from sessions_app.errors import ConsentMissing, Ended, NotOpen
from sessions_app.models import Admission, Part, Participant, Place, Session, SessionState
from tests.cast import Cast
from tests.sessions_app.steps import appointment_now, arrived, listed, seat_of, session_of
from tests.threads import beside


def test_family_waits_and_the_therapist_is_in(signed: Cast) -> None:
    now = appointment_now(signed)
    places = {user: arrived(user, now).place for user in (signed.sam, signed.maria, signed.amara)}
    assert places == {
        signed.sam: Place.WAITING,
        signed.maria: Place.WAITING,
        signed.amara: Place.ADMITTED,
    }
    assert session_of(now).state == SessionState.PLANNED


def test_arriving_early_never_admits(signed: Cast) -> None:
    """Not by being there first, not by the therapist's arrival, not by a finished list."""
    now = appointment_now(signed)
    arrived(signed.sam, now)
    arrived(signed.amara, now)
    listed(signed, now)
    arrived(signed.sam, now)
    assert seat_of(signed.sam, now).place == Place.WAITING
    assert not Admission.objects.filter(participant__user=signed.sam).exists()


def test_too_early_says_when_it_opens(signed: Cast) -> None:
    start = timezone.now() + timedelta(hours=2)
    later = appointment_now(signed, starts_at=start, ends_at=start + timedelta(minutes=50))
    for user in (signed.sam, signed.amara):
        with pytest.raises(NotOpen):
            arrived(user, later)
    assert not Session.objects.exists()
    with time_machine.travel(start - timedelta(minutes=15)):
        assert arrived(signed.sam, later).place == Place.WAITING


def test_long_over_is_over_unless_it_still_goes_on(signed: Cast) -> None:
    now = appointment_now(signed)
    person = arrived(signed.sam, now)
    arrived(signed.amara, now)
    listed(signed, now)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    late = now.ends_at + timedelta(minutes=61)
    with time_machine.travel(late):
        assert arrived(signed.sam, now).place == Place.ADMITTED
        Session.objects.update(state=SessionState.PLANNED)
        with pytest.raises(Ended):
            arrived(signed.sam, now)


def test_cancelled_and_ended_sessions_refuse(signed: Cast) -> None:
    now = appointment_now(signed)
    arrived(signed.amara, now)
    room.end_for_all(actor=signed.amara, appointment_id=now.pk)
    for user in (signed.sam, signed.maria, signed.amara):
        with pytest.raises(Ended):
            arrived(user, now)
    type(now).objects.filter(pk=now.pk).update(state=State.CANCELLED)
    other = appointment_now(signed, state=State.CANCELLED)
    with pytest.raises(Ended):
        arrived(signed.sam, other)
    assert not Participant.objects.filter(session__appointment=other).exists()


def test_strangers_get_the_answer_of_an_unknown_id(signed: Cast) -> None:
    now = appointment_now(signed)
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    for user in (*signed.strangers_to_sam, signed.dad):
        with pytest.raises(NotVisible) as foreign:
            arrived(user, now)
        with pytest.raises(NotVisible) as unknown:
            room.arrive(actor=user, appointment_id=uuid.uuid4(), connection="x")
        assert str(foreign.value) == str(unknown.value)
    assert not Participant.objects.exists()


def test_without_both_yeses_only_the_therapist_comes_in(cast: Cast) -> None:
    now = appointment_now(cast)
    for user in (cast.sam, cast.maria):
        with pytest.raises(ConsentMissing):
            arrived(user, now)
    assert arrived(cast.amara, now).place == Place.ADMITTED


def test_not_now_closes_the_door_like_a_withdrawal(signed: Cast) -> None:
    now = appointment_now(signed)
    accounts.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.NOT_NOW,
    )
    with pytest.raises(ConsentMissing):
        arrived(signed.sam, now)


def test_a_guardian_elsewhere_needs_the_join_scope(signed: Cast) -> None:
    now = appointment_now(signed)
    with pytest.raises(NotVisible):
        arrived(signed.dad, now)
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    assert arrived(signed.dad, now).part == Part.GUARDIAN


def test_a_second_device_takes_the_seat_over(signed: Cast) -> None:
    now = appointment_now(signed)
    first, second = arrived(signed.sam, now, "phone"), arrived(signed.sam, now, "laptop")
    assert first.pk == second.pk
    room.seat_lost(participant_id=first.pk, connection="phone")
    assert seat_of(signed.sam, now).connection == "laptop"
    room.seat_lost(participant_id=first.pk, connection="laptop")
    assert seat_of(signed.sam, now).connection == ""


@pytest.mark.django_db(transaction=True)
def test_everybody_arriving_at_once_makes_one_session_and_one_seat_each(signed: Cast) -> None:
    now = appointment_now(signed)
    people = [signed.sam, signed.sam, signed.amara, signed.amara, signed.maria]
    barrier = threading.Barrier(len(people))
    failures: list[BaseException] = []

    def come(user: object) -> None:
        try:
            barrier.wait(timeout=10)
            arrived(user, now)  # type: ignore[arg-type]
        except BaseException as exc:  # noqa: BLE001
            failures.append(exc)
        finally:
            connection.close()

    threads = [beside(target=come, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not failures
    assert Session.objects.count() == 1
    assert Participant.objects.count() == 3
    assert Admission.objects.count() == 1
