"""The ways out: TURN credentials that end, and relay only where a home address must stay hidden."""

import base64
import hashlib
import hmac
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from sessions_app.ice import ice_settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOM, SEAT = uuid.uuid4(), uuid.uuid4()


@pytest.fixture(autouse=True)
def turn(settings: Any) -> Any:
    settings.TURN_URLS = ["turn:turn.example:3478?transport=udp", "turns:turn.example:5349"]
    settings.TURN_SECRET = "shared with coturn"
    settings.TURN_TTL_SECONDS = 600
    settings.RELAY_ONLY = True
    return settings


def test_the_password_is_what_coturn_computes() -> None:
    """use-auth-secret: base64(HMAC-SHA1(secret, username)), the username its own expiry."""
    with time_machine.travel(NOW, tick=False):
        (server,) = ice_settings(ROOM, SEAT)["ice_servers"]
    expires, _, name = server["username"].partition(":")
    assert int(expires) == int(NOW.timestamp()) + 600
    digest = hmac.new(b"shared with coturn", server["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(server["credential"]) == digest
    assert name
    for secret in (str(SEAT), SEAT.hex, str(ROOM), "shared"):
        assert secret not in server["username"] + server["credential"]


def test_each_person_and_each_moment_has_their_own() -> None:
    def name(room: uuid.UUID = ROOM, seat: uuid.UUID = SEAT) -> str:
        return ice_settings(room, seat)["ice_servers"][0]["username"]

    with time_machine.travel(NOW, tick=False):
        first = name()
        assert name() == first
        assert len({first, name(seat=uuid.uuid4()), name(room=uuid.uuid4())}) == 3
    with time_machine.travel(NOW.replace(hour=13), tick=False):
        assert name() != first


def test_relay_is_forced_for_everybody() -> None:
    """Two households must not learn each other's address, nor anybody a family's."""
    assert ice_settings(ROOM, SEAT)["ice_policy"] == "relay"


def test_a_clinic_may_switch_the_relay_off(turn: Any) -> None:
    turn.RELAY_ONLY = False
    assert ice_settings(ROOM, SEAT)["ice_policy"] == "all"


def test_without_turn_nothing_is_forced_and_nothing_promised(turn: Any) -> None:
    turn.TURN_URLS = []
    assert ice_settings(ROOM, SEAT) == {"ice_servers": [], "ice_policy": "all"}
