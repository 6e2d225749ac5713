"""Nonsense, floods and giants on the socket: a coded answer, nothing lost, the room goes on."""

import json
import uuid
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import DomainError
from sessions_app import hub, limits, protocol
from sessions_app.errors import BadShape, TooLong, UnknownMessage
from sessions_app.models import ChatMessage
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import seat_of

ME = str(uuid.uuid4())
DEEP = "[" * 50_000


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)


def signal(**data: Any) -> dict[str, Any]:
    return {"type": "signal", "to": ME, "data": data}


NONSENSE: dict[str, tuple[Any, type[DomainError]]] = {
    "no JSON": ("hello", BadShape),
    "half of JSON": ('{"type": "ping"', BadShape),
    "deep JSON": (DEEP, BadShape),
    "deep JSON in a field": ('{"type": "ping", "x": ' + DEEP, BadShape),
    "a huge number": ('{"type": "chat.since", "seq": ' + "9" * 9_000 + "}", BadShape),
    "a list": ([], BadShape),
    "a number": (7, BadShape),
    "nothing": (None, BadShape),
    "no type": ({}, UnknownMessage),
    "a type that is no text": ({"type": ["admit"]}, UnknownMessage),
    "an unknown type": ({"type": "erase"}, UnknownMessage),
    "an internal type": ({"type": "session.places"}, UnknownMessage),
    "a line without text": ({"type": "chat.send", "nonce": ME}, BadShape),
    "an empty line": ({"type": "chat.send", "nonce": ME, "text": " \x00 "}, BadShape),
    "a line that is no text": ({"type": "chat.send", "nonce": ME, "text": ["x"]}, BadShape),
    "half a letter": ('{"type":"chat.send","nonce":"' + ME + '","text":"\\ud83d"}', BadShape),
    "a long line": ({"type": "chat.send", "nonce": ME, "text": "x" * 4_001}, TooLong),
    "a line of 100 kB": ({"type": "chat.send", "nonce": ME, "text": "x" * 100_000}, TooLong),
    "a line without nonce": ({"type": "chat.send", "text": "x"}, BadShape),
    "a nonce that is none": ({"type": "chat.send", "text": "x", "nonce": "x" * 36}, BadShape),
    "since the future": ({"type": "chat.since", "seq": 2**31}, BadShape),
    "since before": ({"type": "chat.since", "seq": -1}, BadShape),
    "since true": ({"type": "chat.since", "seq": True}, BadShape),
    "since a half": ({"type": "chat.since", "seq": 0.5}, BadShape),
    "admit nobody": ({"type": "admit"}, BadShape),
    "admit a number": ({"type": "admit", "participant": 5}, BadShape),
    "a signal without data": ({"type": "signal", "to": ME}, BadShape),
    "a signal with more": (signal(evil=1), BadShape),
    "an SDP of 1 MB": (
        signal(description={"type": "offer", "sdp": "v=0" + "a" * 1_000_000}),
        TooLong,
    ),
    "a large SDP": (signal(description={"type": "offer", "sdp": "v=0" + "a" * 50_000}), TooLong),
    "an SDP of nonsense": (signal(description={"type": "offer", "sdp": "hello"}), BadShape),
    "an SDP that is no text": (signal(description={"type": "offer", "sdp": 7}), BadShape),
    "an unknown description": (signal(description={"type": "shout", "sdp": "v=0"}), BadShape),
    "a description with more": (signal(description={"type": "offer", "x": 1}), BadShape),
    "a description of lists": (signal(description={"type": ["offer"]}), BadShape),
    "a long candidate": (signal(candidate={"candidate": "c" * 2_000}), BadShape),
    "a candidate with more": (signal(candidate={"evil": 1}), BadShape),
    "a candidate of a list": (signal(candidate=[]), BadShape),
    "a candidate line of -1": (signal(candidate={"sdpMLineIndex": -1}), BadShape),
    "a candidate line of true": (signal(candidate={"sdpMLineIndex": "0"}), BadShape),
    "a long name": (signal(me="m" * 65), BadShape),
}


def text_of(message: Any) -> str:
    return message if isinstance(message, str) else json.dumps(message)


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_has_a_code(name: str) -> None:
    message, error = NONSENSE[name]
    with pytest.raises(error):
        protocol.parse(text_of(message))


def test_bytes_are_no_message() -> None:
    with pytest.raises(BadShape):
        protocol.parse(None)


GOOD: dict[str, dict[str, Any]] = {
    "ping": {},
    "ice": {},
    "chat.send": {"nonce": ME, "text": "Ça va? \U0001f60a"},
    "chat.since": {"seq": 0},
    "signal": {"to": ME, "data": {"description": {"type": "offer", "sdp": "v=0\r\n"}}},
    "admit": {"participant": ME},
    "admit_all": {},
    "send_back": {"participant": ME},
    "ask_mute": {"participant": ME},
    "leave": {},
    "end": {},
}


def test_every_message_of_the_table_has_a_good_form_here() -> None:
    assert set(GOOD) == set(protocol.TABLE)
    for kind, payload in GOOD.items():
        assert protocol.parse(json.dumps({"type": kind, **payload}))[0] == kind


def test_the_socket_answers_each_and_the_room_goes_on(meeting: Meeting) -> None:
    """All of it at once from one page; the others notice nothing, the next line arrives."""
    small = [m for m, _error in NONSENSE.values() if len(text_of(m)) < 120_000]
    for message in small:
        meeting.child.raw(text_of(message))
        answer = meeting.child.until("error")
        assert answer["code"] in {"bad_shape", "too_long", "unknown_type"}
        assert answer["message"]
    meeting.child.raw(b"\x00\xff")
    assert meeting.child.until("error")["code"] == "bad_shape"
    assert meeting.child.write("still here")["seq"] == 1
    assert meeting.therapist.until("chat")["text"] == "still here"


def test_a_refused_line_is_given_back_to_its_writer(meeting: Meeting) -> None:
    """With the nonce, so that the page can put the words back into the field."""
    nonce = str(uuid.uuid4())
    meeting.child.send("chat.send", nonce=nonce, text="x" * 100_000)
    answer = meeting.child.until("error")
    assert (answer["code"], answer["nonce"]) == ("too_long", nonce)


def test_a_giant_closes_only_its_own_socket(meeting: Meeting) -> None:
    """1 MB never reaches the program: the server process closes with "message too big"."""
    giant = NONSENSE["an SDP of 1 MB"][0]
    meeting.child.raw(text_of(giant))
    assert meeting.child.code() == 1009
    back = meeting.open(meeting.cast.sam, meeting.appointment)
    assert back.until("welcome")["place"] == "admitted"
    back.write("I am back")
    meeting.therapist.until("chat")


def test_a_page_that_sends_nothing_but_nonsense_is_closed(meeting: Meeting) -> None:
    for _ in range(60):
        meeting.child.raw("nonsense")
    assert meeting.child.code() == 4400
    assert Counter(m["code"] for m in meeting.child.heard if m["type"] == "error") == {
        "bad_shape": 51
    }
    meeting.therapist.told()


def test_being_refused_for_good_reasons_closes_nothing(meeting: Meeting) -> None:
    """Late candidates for somebody who has gone are the ordinary end of a call."""
    candidate = {"candidate": {"candidate": "candidate:1"}}
    for _ in range(80):
        code = meeting.child.refused("signal", to=str(uuid.uuid4()), data=candidate)
        assert code == "nobody_there"
    meeting.child.write("and on")


def test_a_flood_is_slowed_and_loses_nothing(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 messages in one moment; what was refused is sent again, as the page does."""
    clock = [0.0]
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    waiting = {str(uuid.uuid4()): f"line {n}" for n in range(200)}
    order = list(waiting.values())
    for nonce, text in waiting.items():
        meeting.child.send("chat.send", nonce=nonce, text=text)
    codes = Counter[str]()
    for _ in range(200):
        answer = meeting.child.until("chat.ack", "error")
        if answer["type"] == "error":
            codes[answer["code"]] += 1
            assert "nonce" not in answer, "not refused for good"
        else:
            del waiting[answer["nonce"]]
    assert set(codes) == {"slow_down"}
    assert len(waiting) == codes["slow_down"] == 160
    for nonce, text in waiting.items():
        clock[0] += 0.125  # ten a second are allowed
        meeting.child.write(text, nonce)
    rows = list(ChatMessage.objects.order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, 201))
    assert sorted(row.body for row in rows) == sorted(order)
    meeting.therapist.told()
    heard = [m["seq"] for m in meeting.therapist.heard if m["type"] == "chat"]
    assert heard == list(range(1, 201)), "none lost, none twice, in order"


def test_a_flood_of_signals_hurts_nobody_else(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 0.0))
    to = str(seat_of(meeting.cast.amara, meeting.appointment).pk)
    for _ in range(600):
        meeting.child.send("signal", to=to, data={"candidate": None})
    meeting.therapist.write("can you hear me?")
    meeting.child.until("chat")
    codes = {m["code"] for m in meeting.child.told() + meeting.child.heard if m["type"] == "error"}
    assert codes == {"slow_down"}
