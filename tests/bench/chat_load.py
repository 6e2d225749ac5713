"""Three people in each of many rooms, all writing: one process that sends, hears and checks.

Every line carries its room, its writer and the writer's count, so each of the three readers can
tell what is lost, doubled or out of order. Two dialects: `Ours` speaks the product's protocol
(own lines come back as acknowledgements, every line has the room's number), `Plain` the relay's.
"""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from tests.bench.wire import Wire

SIZE = 200  # bytes of text in one line
AT_ONCE = 30  # connections being opened
PATIENCE = 30.0  # seconds until something awaited counts as lost


@dataclass(frozen=True)
class Seat:
    """Where one person connects, and by which sign-in. The first of a room lets the others in."""

    path: str
    cookie: str = ""


@dataclass
class Faults:
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    refused: list[str] = field(default_factory=list)


class Person:
    """One socket: sends its lines, and checks all the lines of its room."""

    def __init__(self, load: "Load", room: int, who: int, seat: Seat) -> None:
        self.load, self.room, self.who, self.seat = load, room, who, seat
        self.sent_at: list[float] = []
        self.heard: list[set[int]] = [set(), set(), set()]
        self.latest = [-1, -1, -1]

    async def open(self) -> None:
        self.wire = Wire(self.take)
        await self.wire.open(self.load.port, self.seat.path, self.seat.cookie)

    def send(self, due: float = 0.0) -> None:
        """`due`: when the line should have been sent; waiting to be sent counts as latency."""
        count = len(self.sent_at)
        self.sent_at.append(due or time.perf_counter())
        self.load.sent += 1
        self.wire.send(self.packed(f"{self.room} {self.who} {count} ".ljust(SIZE, "x")))

    def packed(self, text: str) -> str:
        raise NotImplementedError

    def take(self, text: str) -> None:
        raise NotImplementedError

    async def inside(self) -> None:
        """Until this person may write."""

    def line(self, text: str, faults: Faults) -> None:
        """A line arrived: whose, which, how late; and is it the one that was to come?"""
        _room, writer, number, _rest = text.split(" ", 3)
        who, count = int(writer), int(number)
        if count in self.heard[who]:
            faults.duplicated += 1
            return
        faults.reordered += count < self.latest[who]
        self.heard[who].add(count)
        self.latest[who] = max(count, self.latest[who])
        self.load.arrived(self, who, count)


class Plain(Person):
    def packed(self, text: str) -> str:
        return text

    def take(self, text: str) -> None:
        self.line(text, self.load.faults)


class Ours(Person):
    def __init__(self, load: "Load", room: int, who: int, seat: Seat) -> None:
        super().__init__(load, room, who, seat)
        self.seq = 0
        self.admitted = asyncio.Event()
        self.listed = 0

    def packed(self, text: str) -> str:
        return json.dumps({"type": "chat.send", "nonce": str(uuid.uuid4()), "text": text})

    def take(self, text: str) -> None:
        message = json.loads(text)
        kind = message["type"]
        if kind in {"chat", "chat.ack"}:
            self._numbered(message, acknowledged=kind == "chat.ack")
        elif kind in {"welcome", "people"}:
            self._place(message, kind)
        elif kind == "error":
            self.load.faults.refused.append(message["code"])

    def _place(self, message: dict[str, Any], kind: str) -> None:
        if kind == "welcome":
            self.seq = message["last_seq"]
        self.listed = len(message["people"])
        if self.who == 0 and self.listed == 3 and not self.admitted.is_set():
            self.wire.send('{"type": "admit_all"}')
        if message["place"] == "admitted" and all(
            # A guardian of the round before is still listed, and waits again when they come.
            person["place"] == "admitted" and person["here"]
            for person in message["people"]
        ):
            self.admitted.set() if self.listed == 3 else None

    async def inside(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.admitted.wait()

    def _numbered(self, message: dict[str, Any], *, acknowledged: bool) -> None:
        """The room's numbers arrive one by one; an acknowledgement may repeat what was heard."""
        if acknowledged and message["seq"] <= self.seq:
            return
        faults = self.load.faults
        faults.duplicated += message["seq"] <= self.seq
        faults.reordered += message["seq"] > self.seq + 1
        self.seq = max(self.seq, message["seq"])
        self.line(message["text"], faults)


class Load:
    """All rooms of one server."""

    def __init__(self, port: int, rooms: list[list[Seat]], kind: type[Person]) -> None:
        self.port = port
        self.faults = Faults()
        self.rooms = [
            [kind(self, room, who, seat) for who, seat in enumerate(seats)]
            for room, seats in enumerate(rooms)
        ]
        self.people = [person for room in self.rooms for person in room]
        self.sent = self.deliveries = 0
        self.latencies: list[float] | None = None
        self.again = False  # whoever hears an own line back writes the next

    async def __aenter__(self) -> Self:
        gate = asyncio.Semaphore(AT_ONCE)

        async def enter(person: Person) -> None:
            async with gate:
                await person.open()

        for who in range(3):
            await asyncio.gather(*(enter(room[who]) for room in self.rooms))
        await asyncio.gather(*(person.inside() for person in self.people))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for person in self.people:
            person.wire.close()

    def arrived(self, reader: Person, who: int, count: int) -> None:
        self.deliveries += 1
        if self.latencies is not None and reader.who != who:
            writer = self.rooms[reader.room][who]
            self.latencies.append(time.perf_counter() - writer.sent_at[count])
        if self.again and reader.who == who:
            reader.send()

    async def saturate(self, *, warm: float, seconds: float) -> float:
        """Everybody always has one line under way; lines a second that reached all three."""
        self.again = True
        for person in self.people:
            person.send()
        await asyncio.sleep(warm)
        before, began = self.deliveries, time.perf_counter()
        await asyncio.sleep(seconds)
        rate = (self.deliveries - before) / 3 / (time.perf_counter() - began)
        self.again = False
        await self.settle()
        return rate

    async def steady(self, rate: float, *, warm: float, seconds: float) -> list[float]:
        """`rate` lines a second, evenly, from everybody in turn; seconds until each was read.

        What is sent in the first `warm` seconds is not counted: the flood before it leaves bells.
        """
        began = time.perf_counter()
        for number in range(int(rate * (warm + seconds))):
            if self.latencies is None and number >= rate * warm:
                self.latencies = []
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.people[number * 7 % len(self.people)].send(due)
        await self.settle()
        found, self.latencies = sorted(self.latencies), None
        return found

    async def settle(self) -> None:
        """Until every line reached all three, or patience ends; what is missing then is lost."""
        deadline = time.perf_counter() + PATIENCE
        while self.deliveries < 3 * self.sent and time.perf_counter() < deadline:
            self._still_open()
            await asyncio.sleep(0.05)
        self.faults.lost = 3 * self.sent - self.deliveries

    def _still_open(self) -> None:
        for person in self.people:
            if person.wire.ended:
                raise ConnectionError(f"room {person.room}, {person.who}: {person.wire.ended}")
