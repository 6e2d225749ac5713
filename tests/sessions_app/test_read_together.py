"""Many rooms in one reading: each as if it were read alone."""

import asyncio

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import StaffMembership, User
from scheduling.models import Appointment, State
from sessions_app import pool
from sessions_app.chat_reader import ChatReader
from sessions_app.models import Participant, Place, Session
from sessions_app.reading import Reading, read_rooms
from sessions_app.rooms import Room, refresh_together
from tests.cast import Cast, client_for, sign
from tests.sessions_app.steps import appointment_now, arrived, session_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(signed: Cast, now: Appointment) -> Appointment:
    """Timo meets Ben, while Sam meets Amara; everybody is there."""
    sign(signed.olga, signed.timo_child)
    found = appointment_now(
        signed, child=signed.timo_child, therapist=signed.ben_t, booked_by=signed.olga
    )
    accounts.join_care_team(actor=signed.olga, child=signed.timo_child, therapist=signed.ben_t)
    for user, where in (
        (signed.amara, now),
        (signed.sam, now),
        (signed.maria, now),
        (signed.ben, found),
        (signed.timo, found),
    ):
        arrived(user, where)
    return found


def sign_in(user: User) -> str:
    return client_for(user).session.session_key or ""


def allowed(reading: Reading) -> set[str]:
    names = {person.user_id: person.user.display_name for person in reading.view.people}
    return {names[pk] for pk in reading.view.allowed}


def test_each_room_has_its_own_people_and_its_own_end(
    signed: Cast, now: Appointment, other: Appointment
) -> None:
    mine, theirs = session_of(now).pk, session_of(other).pk
    Session.objects.filter(pk=theirs).update(last_seq=7)
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    Appointment.objects.filter(pk=other.pk).update(state=State.CANCELLED)
    found = read_rooms({mine: [], theirs: []})
    assert allowed(found[mine]) == {"Amara"}, "consent ended for Sam"
    assert allowed(found[theirs]) == {"Ben", "Timo"}
    assert [found[pk].view.open for pk in (mine, theirs)] == [True, False]
    assert [found[pk].last_seq for pk in (mine, theirs)] == [0, 7]
    people = {person.user.display_name for person in found[mine].view.people}
    assert people == {"Amara", "Sam", "Maria"}


def test_who_may_not_enter_any_more_is_no_longer_allowed(
    signed: Cast, now: Appointment, other: Appointment
) -> None:
    mine, theirs = session_of(now).pk, session_of(other).pk
    StaffMembership.objects.filter(user=signed.ben).update(ended_at=timezone.now())
    User.objects.filter(pk=signed.maria.pk).update(is_active=False)
    found = read_rooms({mine: [], theirs: []})
    assert allowed(found[mine]) == {"Amara", "Sam"}
    assert allowed(found[theirs]) == {"Timo"}


def test_a_sign_in_holds_only_in_the_room_of_its_person(
    signed: Cast, now: Appointment, other: Appointment
) -> None:
    mine, theirs = session_of(now).pk, session_of(other).pk
    sam, timo, amara = (sign_in(user) for user in (signed.sam, signed.timo, signed.amara))
    signed.amara.set_password("another-one-42")
    signed.amara.save()
    found = read_rooms({mine: [sam, timo, amara], theirs: [timo, "of nobody"]})
    assert found[mine].signed_in == {sam}, "a new password ended Amara's; Timo is not in this room"
    assert found[theirs].signed_in == {timo}


def test_as_many_queries_for_two_rooms_as_for_one(now: Appointment, other: Appointment) -> None:
    mine, theirs = session_of(now).pk, session_of(other).pk
    counts = []
    for asked in ([mine], [mine, theirs]):
        with CaptureQueriesContext(connection) as seen:
            read_rooms({pk: ["some", "keys"] for pk in asked})
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6


@pytest.mark.django_db(transaction=True)
def test_a_room_that_cannot_be_read_keeps_nothing_from_the_others(
    signed: Cast, now: Appointment, other: Appointment
) -> None:
    mine, theirs = session_of(now).pk, session_of(other).pk
    User.objects.filter(pk=signed.timo.pk).update(time_zone="No/Such_Place")

    async def story() -> list[Reading | None]:
        rooms = [Room(pk, ChatReader()) for pk in (theirs, mine)]
        await refresh_together(rooms)
        await pool.run(Participant.objects.filter(user=signed.sam).update, place=Place.ADMITTED)
        await refresh_together(rooms)
        return [room.reading for room in rooms]

    broken, whole = asyncio.run(story())
    pool.close_connections()
    assert broken is None
    assert whole is not None
    assert Place.ADMITTED in {person.place for person in whole.view.people}
