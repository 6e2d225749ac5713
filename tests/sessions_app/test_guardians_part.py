"""A guardian hears and reads only what is said while they are here and let in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import GuardianLink, Scope, User
from scheduling.models import Appointment
from sessions_app import hub
from sessions_app.actions import room
from sessions_app.errors import RoomFull
from sessions_app.models import ChatMessage, Participant, Place
from sessions_app.selectors import HEARD_WITHIN, chat_since
from tests.cast import Cast, adult
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import admitted, arrived, listed, seat_of, written


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)


def reads(user: User, appointment: Appointment) -> list[str]:
    me = seat_of(user, appointment)
    return [line.body for line in chat_since(me.session_id, 0, me)]


def gone(user: User, appointment: Appointment, *, for_long: bool) -> None:
    """The page was closed; a while ago, or just now."""
    me = seat_of(user, appointment)
    room.seat_lost(participant_id=me.pk, connection=me.connection)
    if for_long:
        Participant.objects.filter(pk=me.pk).update(seen_at=timezone.now() - HEARD_WITHIN)


def test_who_closed_the_page_waits_again_and_never_reads_what_was_written_meanwhile(
    signed: Cast, now: Appointment
) -> None:
    admitted(signed, signed.sam, now)
    admitted(signed, signed.maria, now)
    written(signed.sam, now, "with her")
    gone(signed.maria, now, for_long=True)
    written(signed.sam, now, "private")
    assert arrived(signed.maria, now).place == Place.WAITING
    assert reads(signed.maria, now) == []
    room.admit(actor=signed.amara, appointment_id=now.pk)
    written(signed.sam, now, "with her again")
    assert reads(signed.maria, now) == ["with her", "with her again"]


def test_after_a_reload_a_guardian_is_still_in_without_what_was_written_meanwhile(
    signed: Cast, now: Appointment
) -> None:
    admitted(signed, signed.sam, now)
    admitted(signed, signed.maria, now)
    gone(signed.maria, now, for_long=False)
    written(signed.sam, now, "private")
    assert arrived(signed.maria, now).place == Place.ADMITTED
    written(signed.sam, now, "with her")
    assert reads(signed.maria, now) == ["with her"]


def test_child_and_therapist_come_back_to_where_they_were(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    for user in (signed.sam, signed.amara):
        gone(user, now, for_long=True)
        assert arrived(user, now).place == Place.ADMITTED


def test_a_process_that_died_saw_nobody_go(signed: Cast, now: Appointment) -> None:
    """The seat still names its socket; what was written since it was last heard is not theirs."""
    admitted(signed, signed.sam, now)
    admitted(signed, signed.maria, now)
    ago = timezone.now() - HEARD_WITHIN - timedelta(seconds=1)
    Participant.objects.filter(user=signed.maria).update(seen_at=ago)
    written(signed.sam, now, "private")
    assert arrived(signed.maria, now).place == Place.WAITING
    room.admit(actor=signed.amara, appointment_id=now.pk)
    assert reads(signed.maria, now) == []


@pytest.mark.parametrize("for_long", [True, False])
def test_a_page_without_a_socket_is_no_way_around_it(
    signed: Cast, now: Appointment, as_user: Callable[[User], Client], *, for_long: bool
) -> None:
    admitted(signed, signed.sam, now)
    admitted(signed, signed.maria, now)
    gone(signed.maria, now, for_long=for_long)
    written(signed.sam, now, "private")
    client = as_user(signed.maria)
    answer = client.get(reverse("session_chat", args=[now.pk]))
    assert answer.json() == {"messages": []}
    assert "private" not in client.get(reverse("session_room", args=[now.pk])).content.decode()
    written(signed.sam, now, "later")
    lines = client.get(reverse("session_chat", args=[now.pk])).json()["messages"]
    assert [line["text"] for line in lines] == ([] if for_long else ["later"])


def test_clocks_of_two_processes_do_not_decide_whose_line_it_was(
    signed: Cast, now: Appointment
) -> None:
    admitted(signed, signed.sam, now)
    before = written(signed.sam, now, "before")
    admitted(signed, signed.maria, now)
    after = written(signed.sam, now, "after")
    second = timedelta(seconds=1)
    ChatMessage.objects.filter(pk=before.pk).update(sent_at=timezone.now() + second)
    ChatMessage.objects.filter(pk=after.pk).update(sent_at=now.starts_at - second)
    assert reads(signed.maria, now) == ["after"]


def test_a_line_from_before_is_not_handed_out_late(meeting: Meeting) -> None:
    """Stored by another process just before the admission, heard of only with the next reading."""
    guardian = meeting.open(meeting.cast.maria, meeting.appointment)
    me = guardian.until("welcome")["you"]
    (live_room,) = hub_rooms()
    live_room.hear_of = lambda _seq: None  # its bell gets lost
    written(meeting.cast.sam, meeting.appointment, "private")
    meeting.therapist.send("admit", participant=me)
    guardian.until("people", place="admitted")
    del live_room.hear_of
    meeting.child.write("for all")
    assert guardian.until("chat")["text"] == "for all"
    assert [m["text"] for m in guardian.heard if m["type"] == "chat"] == ["for all"]


def hub_rooms() -> list[Any]:
    return [room for one in list(hub._hubs.values()) for room in one.rooms.values()]


def names(message: dict[str, Any]) -> set[str]:
    return {person["name"] for person in message.get("people", [])}


def test_who_waits_learns_of_the_therapist_and_of_nobody_else(meeting: Meeting) -> None:
    """Two households: one must not see that the other is here."""
    GuardianLink.objects.filter(guardian=meeting.cast.dad).update(scopes=[Scope.JOIN])
    maria = meeting.open(meeting.cast.maria, meeting.appointment)
    dad = meeting.open(meeting.cast.dad, meeting.appointment)
    assert names(dad.until("welcome")) == {"Amara", "Dan"}
    while names(meeting.therapist.until("people")) != {"Amara", "Sam", "Maria", "Dan"}:
        pass
    maria.told()
    for message in maria.heard:
        assert names(message) <= {"Amara", "Maria"}


def test_the_fifth_person_is_told_kindly_and_the_childs_place_is_kept(
    signed: Cast, now: Appointment, as_user: Callable[[User], Client]
) -> None:
    aunts = [adult(name, name.title()) for name in ("una", "vera", "wanda")]
    for aunt in aunts:
        GuardianLink.objects.create(
            child=signed.sam_child, guardian=aunt, relation="other", scopes=[Scope.JOIN]
        )
    arrived(signed.amara, now)
    listed(signed, now)
    for aunt in aunts:
        arrived(aunt, now)
    room.admit(actor=signed.amara, appointment_id=now.pk)
    places = [seat_of(aunt, now).place for aunt in aunts]
    assert places == [Place.ADMITTED, Place.ADMITTED, Place.WAITING]
    third = seat_of(aunts[2], now)
    with pytest.raises(RoomFull):
        room.admit(actor=signed.amara, appointment_id=now.pk, participant=third.pk)
    with pytest.raises(RoomFull):
        arrived(signed.maria, now)
    client = as_user(signed.maria)
    answer = client.get(reverse("session_wait", args=[now.pk]), follow=True)
    assert "holds no more" in answer.content.decode()
    assert admitted(signed, signed.sam, now).place == Place.ADMITTED
    room.leave(actor=aunts[0], appointment_id=now.pk)
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=third.pk)
    assert seat_of(aunts[2], now).place == Place.ADMITTED


def test_who_was_gone_for_long_keeps_nobody_out(signed: Cast, now: Appointment) -> None:
    aunts = [adult(name, name.title()) for name in ("una", "vera")]
    for aunt in aunts:
        GuardianLink.objects.create(
            child=signed.sam_child, guardian=aunt, relation="other", scopes=[Scope.JOIN]
        )
        admitted(signed, aunt, now)
    gone(aunts[0], now, for_long=True)
    assert admitted(signed, signed.maria, now).place == Place.ADMITTED
