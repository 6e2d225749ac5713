"""With no therapist connected everybody waits, media and chat stop, and it goes on by itself."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling.models import Appointment
from sessions_app import hub
from sessions_app.models import ChatMessage, Participant, Place
from tests.cast import Cast
from tests.conftest import Live
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import Wire, seat_of

OFFER = {"description": {"type": "offer", "sdp": "v=0\r\n"}}


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)


def test_when_the_therapist_is_gone_everything_between_the_others_stops(meeting: Meeting) -> None:
    guardian = meeting.join(meeting.cast.maria)
    to_child = {"to": str(seat_of(meeting.cast.sam, meeting.appointment).pk), "data": OFFER}
    guardian.send("signal", **to_child)
    meeting.child.until("signal")
    meeting.therapist.close()
    for one in (guardian, meeting.child):
        one.until("people", paused=True)
    assert guardian.refused("signal", **to_child) == "paused"
    assert meeting.child.refused("chat.send", nonce=str(uuid.uuid4()), text="psst") == "paused"
    assert not [m for m in meeting.child.told() if m["type"] in {"signal", "chat"}]
    assert not [m for m in guardian.told() if m["type"] == "chat"]
    assert not ChatMessage.objects.exists()


def test_it_goes_on_by_itself_and_nothing_typed_is_lost(meeting: Meeting) -> None:
    """The refusal of a paused line is not final: the same nonce is sent again later."""
    nonce = str(uuid.uuid4())
    meeting.therapist.close()
    meeting.child.until("people", paused=True)
    meeting.child.send("chat.send", nonce=nonce, text="are you there?")
    assert "nonce" not in meeting.child.until("error", code="paused")
    back = meeting.open(meeting.cast.amara, meeting.appointment)
    back.until("welcome", paused=False)
    resumed = meeting.child.until("people", paused=False)
    assert resumed["place"] == Place.ADMITTED, "nobody has to be let in again"
    meeting.child.write("are you there?", nonce)
    assert back.until("chat")["seq"] == 1


def test_waiting_for_the_therapist_never_closes_the_socket(meeting: Meeting) -> None:
    meeting.therapist.close()
    meeting.child.until("people", paused=True)
    for _ in range(60):
        assert meeting.child.refused("signal", to=str(uuid.uuid4()), data=OFFER) == "paused"
    meeting.child.told()


def test_a_therapist_whose_process_died_is_gone_as_well(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 of another process leaves its seat behind; nobody has heard it for a while."""
    silent: Any = timezone.now() - timedelta(seconds=41)
    Participant.objects.filter(user=meeting.cast.amara).update(seen_at=silent)
    monkeypatch.setattr("sessions_app.rooms.FRESH_SECONDS", -1)
    to = str(seat_of(meeting.cast.amara, meeting.appointment).pk)
    assert meeting.child.refused("signal", to=to, data=OFFER) == "paused"
    assert any(message.get("paused") for message in meeting.child.heard)


def test_a_therapist_whose_network_is_cut_is_gone_within_two_pings(
    live: Live, wire: Callable[..., Wire], signed: Cast, now: Appointment
) -> None:
    """Nothing closes their socket. Ping and patience are 5 seconds each (see tests/ops)."""
    live.server.config.ws_ping_interval = live.server.config.ws_ping_timeout = 0.5
    therapist, child = wire(signed.amara, now), wire(signed.sam, now)
    child.until("welcome")
    child.until("people", paused=False)
    therapist.cut()
    child.until("people", paused=True, seconds=4)


def test_the_waiting_room_knows_whether_a_therapist_is_there(meeting: Meeting) -> None:
    guardian = meeting.open(meeting.cast.maria, meeting.appointment)
    here = {p["part"]: p["here"] for p in guardian.until("welcome")["people"]}
    assert here["therapist"] is True
    meeting.therapist.close()
    there = guardian.until("people", paused=True)
    assert {p["part"]: p["here"] for p in there["people"]}["therapist"] is False
