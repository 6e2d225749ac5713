"""Coming in while the room is being read: accepted first, then the whole truth, then the news."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, State
from sessions_app import hub as hubs
from sessions_app import pool, reading, rooms
from sessions_app.consumers import RoomSocket
from tests.cast import Cast, client_for

pytestmark = pytest.mark.django_db(transaction=True)


class Line:
    """The server's side of one socket: refuses, as uvicorn does, what comes before "accept"."""

    def __init__(self, user: User, sign_in: Any, appointment: Appointment) -> None:
        self.sent: list[dict[str, Any]] = []
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.inbox.put_nowait({"type": "websocket.connect"})
        scope = {
            "user": user,
            "session": sign_in,
            "url_route": {"kwargs": {"appointment_id": appointment.pk}},
        }
        self.socket = RoomSocket(scope, self.inbox.get, self.send)
        self.task = asyncio.create_task(self.socket.run())

    async def send(self, message: dict[str, Any]) -> None:
        if not self.sent and message["type"] != "websocket.accept":
            raise RuntimeError("Expected ASGI message 'websocket.accept'.")
        self.sent.append(message)

    def kinds(self) -> list[str]:
        texts = [message.get("text", message["type"]) for message in self.sent]
        return [text.partition('"type": "')[2].partition('"')[0] or text for text in texts]

    async def hang_up(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect"})
        await self.task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # what is awaited knows nothing of events
            await asyncio.sleep(0.01)


def test_a_reading_under_way_neither_mutes_nor_ends_the_socket_of_who_comes(
    signed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = timezone.now().replace(second=0, microsecond=0)
    appointment = Appointment.objects.create(
        child=signed.sam_child,
        therapist=signed.amara_t,
        booked_by=signed.maria,
        state=State.BOOKED,
        starts_at=start,
        ends_at=start + timedelta(minutes=50),
    )
    people = [(user, client_for(user).session) for user in (signed.amara, signed.sam)]
    gate = threading.Event()
    gate.set()

    def slowly(*args: Any) -> Any:
        gate.wait(10)
        return reading.read_rooms(*args)

    monkeypatch.setattr(rooms, "read_rooms", slowly)

    async def story() -> None:
        therapist = Line(*people[0], appointment)
        await until(lambda: "welcome" in therapist.kinds())
        room = hubs.current().rooms[therapist.socket.session_id]
        gate.clear()
        rung = asyncio.create_task(room.refresh())
        await asyncio.sleep(0)  # it holds the room's lock now
        child = Line(*people[1], appointment)
        await until(lambda: len(room.sockets) == 2)
        gate.set()
        await rung
        await until(lambda: "welcome" in child.kinds())
        await room.refresh()
        await until(lambda: "people" in child.kinds())
        assert child.kinds()[:2] == ["websocket.accept", "welcome"]
        for one in (child, therapist):
            await one.hang_up()

    asyncio.run(story())
    pool.close_connections()
    connection.close()
