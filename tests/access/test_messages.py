"""The walk over the socket: everybody knocks, and whoever is in sends every message there is.

The socket itself, in this process: its database work runs in the transaction of the test, which
costs no server. What ends while somebody is inside is in tests/sessions_app/test_revoked.py.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from accounts.sessions import SessionStore
from core.doors import Kind, doors
from scheduling.models import Appointment
from sessions_app import consumers, pool
from tests.access.house import EVERYBODY, NOBODY, OWN, House, may, open_house
from tests.cast import Cast
from tests.sessions_app.steps import listed

MESSAGES = [door for door in doors() if door.kind == Kind.MESSAGE]
(SOCKET,) = [door for door in doors() if door.kind == Kind.SOCKET]
NOT_FOUND, SIGNED_OUT = 4404, 4401
REFUSED = {"not_found", "not_in"}


class Visitor:
    """One socket, spoken to as the server does. Everything it hears is kept."""

    def __init__(self, user: User | None, session_key: str, appointment_id: uuid.UUID) -> None:
        self.heard: list[dict[str, Any]] = []
        self.code: int | None = None
        self._news = asyncio.Event()
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._in.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "user": user,
            "session": SessionStore(session_key or None),
            "url_route": {"kwargs": {"appointment_id": appointment_id}},
            "query_string": b"",
        }
        self._task = asyncio.create_task(consumers.session_socket(scope, self._in.get, self._out))

    async def _out(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.close":
            self.code = event["code"]
        elif event["type"] == "websocket.send":
            self.heard.append(json.loads(event["text"]))
        self._news.set()

    async def until(self, what: Callable[[], Any]) -> Any:
        async with asyncio.timeout(20):
            while not (found := what()):
                self._news.clear()
                await self._news.wait()
        return found

    async def comes_in(self) -> dict[str, Any] | int:
        """The welcome, or the code with which it closes."""
        found: dict[str, Any] | int = await self.until(
            lambda: (
                next((m for m in self.heard if m["type"] == "welcome"), None)
                or self.code
                or self._task.done()
            )
        )
        return found

    async def says(self, kind: str, **payload: Any) -> str:
        """The code of the error it is answered with before the next pong; "" for none."""
        start = len(self.heard)
        for message in ({"type": kind, **payload}, {"type": "ping"}):
            self._in.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})
        wanted = 2 if kind == "ping" else 1
        await self.until(
            lambda: self.code or [m["type"] for m in self.heard[start:]].count("pong") == wanted
        )
        errors = [m["code"] for m in self.heard[start:] if m["type"] == "error"]
        return errors[0] if errors else ("closed" if self.code else "")

    async def goes(self) -> None:
        self._in.put_nowait({"type": "websocket.disconnect"})
        await self._task


class Here(Executor):
    """Runs at once, in the thread and so in the transaction of the test."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001  # the waiting socket gets it
            future.set_exception(exc)
        return future


@pytest.fixture
def house(signed: Cast, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(pool, "_pool", Here())
    return open_house(signed)


def act(story: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Plays it in a loop that has the test's own connection: Django gives each loop a new one."""
    ours = connections["default"]

    async def with_ours() -> Any:
        connections["default"] = ours
        return await story()

    return asyncio.run(with_ours())


def knock(house: House, who: str) -> Visitor:
    if who == NOBODY:
        return Visitor(None, "", house.things["now"])
    key = house.clients[who].cookies["sessionid"].value
    return Visitor(house.person(who), key, house.things["now"])


def test_the_socket_opens_for_those_who_may_enter(house: House) -> None:
    async def story() -> dict[str, Any]:
        answers = {}
        for who in EVERYBODY:
            visitor = knock(house, who)
            answers[who] = await visitor.comes_in()
            await visitor.goes()
        return answers

    answers = act(story)
    inside = {who for who, answer in answers.items() if isinstance(answer, dict)}
    assert inside == may(SOCKET, OWN)
    refused = {who: answer for who, answer in answers.items() if who not in inside}
    assert refused.pop(NOBODY) == SIGNED_OUT
    assert set(refused.values()) == {NOT_FOUND}


def payload(kind: str, other: uuid.UUID) -> dict[str, Any]:
    whole: dict[str, dict[str, Any]] = {
        "signal": {"to": str(other), "data": {"candidate": None}},
        "chat.send": {"nonce": str(uuid.uuid4()), "text": "Hello"},
        "chat.since": {"seq": 0},
    }
    return whole.get(kind, {"participant": str(other)})


def last(kind: str) -> bool:
    return kind in {"leave", "end"}


def test_every_message_of_everybody_inside(house: House) -> None:
    """Refused with its code exactly where the table gives it to somebody else."""
    found = []

    async def story() -> None:
        visitors = {who: knock(house, who) for who in ("amara", "sam", "maria")}
        ids = {who: (await one.comes_in())["you"] for who, one in visitors.items()}  # type: ignore[index]
        listed(house.cast, Appointment.objects.get(pk=house.things["now"]))
        assert await visitors["amara"].says("admit_all") == ""
        for who, other in (("sam", "amara"), ("maria", "amara"), ("amara", "sam")):
            for door in sorted(MESSAGES, key=lambda door: last(door.name)):
                if who == "amara" and door.name == "leave":
                    continue  # everybody's, and it would end her part of the story
                code = await visitors[who].says(door.name, **payload(door.name, ids[other]))
                if (code in REFUSED) is (who in may(door, OWN)):
                    found.append(f"{who} {door.name}: {code or 'done'}")

    act(story)
    assert not found, "\n".join(found)
