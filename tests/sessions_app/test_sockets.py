"""Real sockets to a real server: who may open one, what each hears, and when it is closed."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from accounts import actions as accounts
from accounts.models import GuardianLink, Scope
from scheduling.models import Appointment, State
from sessions_app import broadcast, hub, rooms
from sessions_app.actions import room
from sessions_app.models import ChatMessage, Participant, Place, Session
from tests.cast import Cast, client_for
from tests.conftest import Live
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import appointment_now, arrived, listed, seat_of, session_of, until

Open = Callable[..., Any]
STRANGERS = ("olga", "timo", "ben", "mo", "pat", "dad")


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these stories wait for must come by itself, not by the reading of every 10 seconds."""
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)


def test_waiting_then_let_in(wire: Open, signed: Cast, now: Appointment) -> None:
    therapist = wire(signed.amara, now)
    assert therapist.until("welcome")["place"] == Place.ADMITTED
    child = wire(signed.sam, now)
    welcome = child.until("welcome")
    assert (welcome["place"], welcome["state"]) == (Place.WAITING, "planned")
    names = {person["name"]: person["place"] for person in welcome["people"]}
    assert names == {"Amara": Place.ADMITTED, "Sam": Place.WAITING}
    assert therapist.refused("admit", participant=welcome["you"]) == "checklist_first"
    assert (
        client_for(signed.amara)
        .post(f"/sessions/{now.pk}/checklist/", {"identity_confirmed": "on"})
        .status_code
        == 422
    )
    listed(signed, now)
    therapist.until("people", checklist_done=True)
    therapist.send("admit", participant=welcome["you"])
    assert child.until("people", place=Place.ADMITTED, state="live")["paused"] is False


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_hears_the_code_of_an_unknown_id_and_nothing_else(
    wire: Open, signed: Cast, now: Appointment, name: str
) -> None:
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    user = getattr(signed, name)
    foreign, unknown = wire(user, now), wire(user, uuid.uuid4())
    assert foreign.code() == unknown.code() == 4404
    assert foreign.heard == unknown.heard == []
    assert not Participant.objects.exists()


def test_without_a_sign_in_nothing_opens(wire: Open, now: Appointment) -> None:
    for about in (now, uuid.uuid4()):
        one = wire(None, about)
        assert one.code() == 4401
        assert one.heard == []


def test_another_site_cannot_use_the_sign_in(live: Live, signed: Cast, now: Appointment) -> None:
    cookie = client_for(signed.sam).cookies["sessionid"].value
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            f"{live.url.replace('http', 'ws')}/ws/sessions/{now.pk}/",
            origin="https://elsewhere.example",  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={cookie}"},
        ),
    ):
        pytest.fail("it opened")
    assert refused.value.response.status_code == 403
    assert not Participant.objects.exists()


@pytest.mark.parametrize("state", [State.CANCELLED, "ended", "past"])
def test_what_is_over_says_so(wire: Open, signed: Cast, now: Appointment, state: str) -> None:
    if state == "ended":
        arrived(signed.amara, now)
        room.end_for_all(actor=signed.amara, appointment_id=now.pk)
    elif state == "past":
        day = timedelta(days=1)
        Appointment.objects.update(starts_at=now.starts_at - day, ends_at=now.ends_at - day)
    else:
        Appointment.objects.update(state=state)
    for user in (signed.sam, signed.amara):
        assert wire(user, now).code() == 4410
    assert wire(signed.olga, now).code() == 4404, "a stranger does not learn that it was cancelled"


def test_too_early_and_without_consent_are_refused(wire: Open, cast: Cast, signed: Cast) -> None:
    start = timezone.now() + timedelta(hours=1)
    early = appointment_now(signed, starts_at=start, ends_at=start + timedelta(minutes=50))
    assert wire(signed.sam, early).code() == 4403
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    now = appointment_now(signed, ends_at=timezone.now() + timedelta(minutes=20))
    assert wire(signed.sam, now).code() == 4403
    assert not Participant.objects.filter(user=signed.sam).exists()


def test_the_device_check_takes_no_seat(wire: Open, signed: Cast, now: Appointment) -> None:
    check = wire(signed.sam, now, "?check=1")
    assert check.until("check")["ice_policy"] == "all"
    assert wire(signed.olga, now, "?check=1").code() == 4404
    assert not Participant.objects.exists()
    assert not Session.objects.exists()


def test_a_second_device_closes_the_first(meeting: Meeting) -> None:
    again = meeting.open(meeting.cast.sam, meeting.appointment)
    assert again.until("welcome")["place"] == Place.ADMITTED
    assert meeting.child.code() == 4409
    assert again.write("from the tablet")["seq"] == 1
    meeting.therapist.until("chat", text="from the tablet")


def test_a_reload_keeps_the_place(meeting: Meeting) -> None:
    meeting.child.close()
    until(lambda: not seat_of(meeting.cast.sam, meeting.appointment).connection)
    again = meeting.open(meeting.cast.sam, meeting.appointment)
    assert again.until("welcome")["place"] == Place.ADMITTED


def test_chat_reaches_everybody_inside_and_nobody_else(meeting: Meeting) -> None:
    waiting = meeting.open(meeting.cast.maria, meeting.appointment)
    waiting.until("welcome")
    ack = meeting.child.write("it hurts today")
    assert (ack["seq"], ack["name"]) == (1, "Sam")
    heard = meeting.therapist.until("chat")
    assert (heard["seq"], heard["text"]) == (1, "it hurts today")
    waiting.send("chat.since", seq=0)
    assert waiting.until("chat.many")["messages"] == []
    assert waiting.refused("chat.send", nonce=str(uuid.uuid4()), text="hello?") == "not_in"
    assert "hurts" not in json.dumps(waiting.heard + waiting.told())
    assert not [m for m in meeting.child.told() if m["type"] == "chat"], "the writer has the ack"


def test_a_resend_is_one_line_with_the_same_number(meeting: Meeting) -> None:
    nonce = str(uuid.uuid4())
    first = meeting.child.write("hello", nonce)
    assert meeting.child.write("hello", nonce)["seq"] == first["seq"] == 1
    assert meeting.therapist.until("chat")["seq"] == 1
    assert meeting.child.write("next")["seq"] == 2
    assert [m["seq"] for m in meeting.therapist.told() if m["type"] == "chat"] == [2]


def test_everything_since_n_after_a_reconnect(meeting: Meeting) -> None:
    meeting.child.write("one")
    meeting.therapist.close()
    until(lambda: not seat_of(meeting.cast.amara, meeting.appointment).connection)
    back = meeting.open(meeting.cast.amara, meeting.appointment)
    assert back.until("welcome")["last_seq"] == 1
    meeting.child.write("two")
    back.send("chat.since", seq=0)
    texts = [m["text"] for m in back.until("chat.many")["messages"]]
    assert texts == ["one", "two"]
    back.send("chat.since", seq=1)
    assert [m["text"] for m in back.until("chat.many")["messages"]] == ["two"]


def test_a_guardian_for_a_part_gets_that_part(meeting: Meeting) -> None:
    meeting.child.write("before")
    guardian = meeting.join(meeting.cast.maria)
    meeting.child.write("together")
    guardian.until("chat", text="together")
    seat = str(seat_of(meeting.cast.maria, meeting.appointment).pk)
    meeting.therapist.send("send_back", participant=seat)
    guardian.until("people", place=Place.WAITING)
    meeting.child.write("child alone")
    guardian.send("chat.since", seq=0)
    assert guardian.until("chat.many")["messages"] == []
    meeting.therapist.send("admit", participant=seat)
    guardian.until("people", place=Place.ADMITTED)
    guardian.send("chat.since", seq=0)
    assert [m["text"] for m in guardian.until("chat.many")["messages"]] == ["together"]
    assert "alone" not in json.dumps(guardian.heard)
    assert "before" not in json.dumps(guardian.heard)


def test_signals_go_to_one_person_in_the_room_only(meeting: Meeting) -> None:
    waiting = meeting.open(meeting.cast.maria, meeting.appointment)
    outside = waiting.until("welcome")["you"]
    me = str(seat_of(meeting.cast.sam, meeting.appointment).pk)
    therapist = str(seat_of(meeting.cast.amara, meeting.appointment).pk)
    data = {"description": {"type": "offer", "sdp": "v=0\r\n"}}
    meeting.child.send("signal", to=therapist, data=data)
    heard = meeting.therapist.until("signal")
    assert (heard["from"], heard["data"]) == (me, data)
    for nobody in (outside, me, str(uuid.uuid4())):
        assert meeting.child.refused("signal", to=nobody, data=data) == "nobody_there"
    assert waiting.refused("signal", to=me, data=data) == "not_in"
    assert not [m for m in waiting.told() if m["type"] == "signal"]


def test_the_therapist_asks_to_mute_and_only_that_person_hears_it(meeting: Meeting) -> None:
    guardian = meeting.join(meeting.cast.maria)
    seat = str(seat_of(meeting.cast.sam, meeting.appointment).pk)
    meeting.therapist.send("ask_mute", participant=seat)
    meeting.child.until("ask_mute")
    assert not [m for m in guardian.told() if m["type"] == "ask_mute"]


def test_the_therapists_verbs_are_nobody_elses(meeting: Meeting) -> None:
    waiting = meeting.open(meeting.cast.maria, meeting.appointment)
    outside = waiting.until("welcome")["you"]
    therapist = str(seat_of(meeting.cast.amara, meeting.appointment).pk)
    for verb, who in (
        ("admit", {"participant": outside}),
        ("admit_all", {}),
        ("send_back", {"participant": therapist}),
        ("ask_mute", {"participant": therapist}),
        ("end", {}),
    ):
        assert meeting.child.refused(verb, **who) == "not_found"
        assert waiting.refused(verb, **who) == "not_in"
    assert seat_of(meeting.cast.maria, meeting.appointment).place == Place.WAITING
    assert not [m for m in meeting.therapist.told() if m["type"] == "ask_mute"]


def test_all_who_wait_are_let_in_together(wire: Open, signed: Cast, now: Appointment) -> None:
    therapist = wire(signed.amara, now)
    waiting = [wire(signed.sam, now), wire(signed.maria, now)]
    for one in waiting:
        one.until("welcome")
    listed(signed, now)
    therapist.until("people", checklist_done=True)
    therapist.send("admit_all")
    for one in waiting:
        one.until("people", place=Place.ADMITTED)


def test_leaving_is_told_and_coming_back_waits(meeting: Meeting) -> None:
    meeting.child.send("leave")
    until(lambda: seat_of(meeting.cast.sam, meeting.appointment).place == Place.LEFT)
    gone = meeting.therapist.until("people")
    while "Sam" in [person["name"] for person in gone["people"]]:
        gone = meeting.therapist.until("people")
    meeting.child.close()
    again = meeting.open(meeting.cast.sam, meeting.appointment)
    assert again.until("welcome")["place"] == Place.WAITING


def test_the_end_closes_every_socket(meeting: Meeting) -> None:
    guardian = meeting.join(meeting.cast.maria)
    meeting.therapist.send("end")
    for one in (meeting.child, guardian, meeting.therapist):
        assert one.code() == 4410
        assert one.heard[-1]["state"] == "ended"
    assert meeting.open(meeting.cast.sam, meeting.appointment).code() == 4410


def test_a_guardian_with_the_join_scope_joins_from_another_home(meeting: Meeting) -> None:
    GuardianLink.objects.filter(guardian=meeting.cast.dad).update(scopes=[Scope.JOIN])
    dad = meeting.join(meeting.cast.dad)
    dad.write("I am here, too")
    meeting.child.until("chat", name="Dan")


def test_a_cancelled_session_closes_for_who_waits(
    wire: Open, signed: Cast, now: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No bell of scheduling reaches the room: the heartbeat finds it."""
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 0.2)
    child = wire(signed.sam, now)
    child.until("welcome")
    Appointment.objects.update(state=State.CANCELLED)
    assert child.code() == 4410


def test_events_in_the_layer_carry_ids_and_no_word(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import realtime  # noqa: PLC0415

    seen: list[Any] = []
    ring = realtime._group_send

    def watched(group: str, event: Any) -> None:
        seen.append((group, event))
        ring(group, event)

    monkeypatch.setattr(realtime, "_group_send", watched)
    meeting.child.write("my secret")
    until(lambda: any(event["type"] == "session.chat" for _group, event in seen))
    assert "secret" not in json.dumps(seen)
    assert "Sam" not in json.dumps(seen)


def test_lines_of_other_processes_arrive_in_order_and_all(meeting: Meeting) -> None:
    """Another process wrote 1,400 lines: more than several readings hold."""
    from sessions_app.actions.chat import Line, write_many  # noqa: PLC0415

    me = seat_of(meeting.cast.sam, meeting.appointment)
    write_many([Line(me.session_id, me.pk, me.user_id, uuid.uuid4(), str(n)) for n in range(1_400)])
    for n in range(1_400):
        assert meeting.therapist.until("chat")["text"] == str(n)
    assert meeting.child.write("and on")["seq"] == 1_401
    assert ChatMessage.objects.count() == 1_401


def test_turn_credentials_are_given_again_when_asked(meeting: Meeting, settings: Any) -> None:
    settings.TURN_URLS, settings.TURN_SECRET = ["turn:turn.example"], "s"
    with time_machine.travel(timezone.now(), tick=True):
        meeting.child.send("ice")
        assert meeting.child.until("ice")["ice_servers"][0]["urls"] == ["turn:turn.example"]


@pytest.mark.parametrize("comes_again", [False, True])
def test_coming_while_the_room_is_being_read_is_no_reason_to_be_closed(
    wire: Open,
    signed: Cast,
    now: Appointment,
    monkeypatch: pytest.MonkeyPatch,
    comes_again: bool,
) -> None:
    """A reading that began before somebody came knows nothing about them."""
    therapist = wire(signed.amara, now)
    therapist.until("welcome")
    if comes_again:
        wire(signed.sam, now).until("welcome")
    read = rooms.read_rooms

    def slowly(*args: Any) -> Any:
        found = read(*args)
        time.sleep(0.5)
        return found

    monkeypatch.setattr(rooms, "read_rooms", slowly)
    broadcast.places_changed(session_of(now).pk)
    child = wire(signed.sam, now)
    assert child.hear()["type"] == "welcome", "and nothing comes before the welcome"
    child.told()
    names = [person["name"] for person in therapist.until("people")["people"]]
    while "Sam" not in names:
        names = [person["name"] for person in therapist.until("people")["people"]]
