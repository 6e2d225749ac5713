"""One process's view of one live room: its sockets, and what they are told."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import structlog

from core.errors import CONNECTION_ERRORS
from sessions_app import pool
from sessions_app.actions.chat import Line, Written
from sessions_app.chat_reader import ChatReader
from sessions_app.chat_writer import ChatWriter
from sessions_app.models import Place, SessionState
from sessions_app.reading import Reading, read_rooms

if TYPE_CHECKING:
    from sessions_app.consumers import RoomSocket

logger = structlog.get_logger("sessions_app.rooms")

SIGNED_OUT, REVOKED, TAKEN_OVER, OVER = 4401, 4403, 4409, 4410
# Bells keep a reading true within milliseconds; this bounds what a lost bell can cost.
FRESH_SECONDS = 2
# A bell this soon after a change made from here is most likely its own.
OWN_BELL_SECONDS = 0.3


class Room:
    """All sockets of this process in one session. Only ever touched from the event loop."""

    def __init__(self, session_id: uuid.UUID, reader: ChatReader) -> None:
        self.session_id = session_id
        self._reader = reader
        self.sockets: dict[uuid.UUID, RoomSocket] = {}
        self.reading: Reading | None = None
        self.delivered = 0
        self._stored = 0  # the highest number we have heard of
        self._writing = 0  # lines from here on their way to the database
        self._read_at = 0.0
        self.being_read = asyncio.Lock()
        self.stale = False
        self._changing = 0  # changes of places from here, on their way to the database
        self._changed_at = -OWN_BELL_SECONDS

    # --- places -------------------------------------------------------------------------------

    async def change(self, who: uuid.UUID, work: Callable[[], Any]) -> None:
        """Change places from here, then tell everybody."""
        self._changing += 1
        try:
            await pool.run_as(who, work)
        finally:
            self._changing -= 1
            self._changed_at = time.monotonic()
        await self.refresh()

    async def hear_of_places(self) -> None:
        """A bell. Our own is answered by the reading that follows each change from here.

        A second one would take the processor just when the first picture is on its way. Whose it
        is nobody can tell, so without a reading begun after it there is one a little later.
        """
        self.stale = True
        if self._changing or time.monotonic() - self._changed_at < OWN_BELL_SECONDS:
            await asyncio.sleep(OWN_BELL_SECONDS)
        if self.stale:
            await self.refresh()

    async def refresh(self) -> None:
        """Read the room again and tell everybody. Bells that ring meanwhile share one reading."""
        self.stale = True
        async with self.being_read:
            if self.stale:
                await _read_again([self])

    def take(self, reading: Reading) -> None:
        first = self.reading is None
        self.reading, self._read_at = reading, time.monotonic()
        if first:
            self.delivered = reading.last_seq
        self._tell_all()
        self.hear_of(reading.last_seq)

    async def refresh_if_old(self) -> None:
        """Before a message that no action checks again: even with a dead Redis, who is here is
        known as of this moment, give or take FRESH_SECONDS.
        """
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            await self.refresh()

    def _tell_all(self) -> None:
        # Who is still on the way in may be missing from this reading, begun before they came.
        for socket in [one for one in self.sockets.values() if one.welcomed]:
            self.tell(socket, "people", {})

    def tell(self, socket: "RoomSocket", kind: str, more: Mapping[str, Any]) -> None:
        """The room as last read, to one socket; or its end, if it may not be here any more."""
        assert self.reading is not None  # noqa: S101  # set before any socket is told anything
        reading = self.reading
        rows = (p for p in reading.view.people if p.pk == socket.participant_id)
        row = next(rows, None)
        if row is None or row.connection != socket.connection:
            if row is not None and row.connection:
                socket.close(TAKEN_OVER)
        elif socket.sign_in not in reading.signed_in:
            socket.close(SIGNED_OUT)
        elif socket.user_id not in reading.view.allowed:
            socket.close(REVOKED)
        else:
            socket.send({**self.view_for(socket, kind), **more})
            if not reading.view.open:
                socket.close(OVER)

    def view_for(self, socket: "RoomSocket", kind: str) -> dict[str, Any]:
        assert self.reading is not None  # noqa: S101  # set before any socket is told anything
        view = self.reading.view
        session = view.session
        return {
            "type": kind,
            "you": str(socket.participant_id),
            "place": self.place_of(socket.participant_id),
            "state": session.state if view.open else SessionState.ENDED,
            "paused": view.paused,
            "people": view.listed(socket.participant_id),
            "checklist_done": view.checklist_done,
            "started_at": session.started_at.isoformat() if session.started_at else None,
            "last_seq": self.delivered,
        }

    def place_of(self, participant_id: uuid.UUID) -> str:
        if self.reading is not None:
            for person in self.reading.view.people:
                if person.pk == participant_id:
                    return person.place
        return Place.WAITING

    def is_inside(self, participant_id: uuid.UUID) -> bool:
        return self.place_of(participant_id) == Place.ADMITTED

    @property
    def paused(self) -> bool:
        return self.reading is None or self.reading.view.paused

    # --- chat ---------------------------------------------------------------------------------

    def deliver(self, event: dict[str, Any], *, writer: uuid.UUID | None = None) -> bool:
        """Hand one line to everybody inside, in order. False when an earlier one is missing."""
        if event["seq"] <= self.delivered:
            return True
        if event["seq"] != self.delivered + 1:
            return False
        self.delivered = event["seq"]
        text = json.dumps({"type": "chat", **event})
        for socket in self.sockets.values():
            if socket.participant_id != writer and self._hears(socket, event["seq"]):
                socket.send_text(text)
        return True

    def _hears(self, socket: "RoomSocket", seq: int) -> bool:
        return self.reading is not None and self.reading.view.hears(socket.participant_id, seq)

    def hear_of(self, seq: int) -> None:
        """Lines up to `seq` are stored. Our own come without a detour, so wait for those first."""
        self._stored = max(self._stored, seq)
        if self._stored > self.delivered and not self._writing:
            self._reader.read(self)

    async def write(self, writer: ChatWriter, line: Line) -> Written:
        """Store one line; whatever bell rings meanwhile is most likely its own."""
        self._writing += 1
        written = None
        try:
            written = await writer.write(line)
        finally:
            self._writing -= 1
            if written is None or written.error is not None:
                self.hear_of(0)
        return written

    async def hand_out(self, event: dict[str, Any], writer: uuid.UUID) -> None:
        """A line stored from here, to everybody here; first what others wrote before it."""
        if self.deliver(event, writer=writer):
            self.hear_of(event["seq"])
        else:
            await self._reader.read(self)


async def refresh_together(rooms: Sequence[Room]) -> None:
    """`refresh` for many rooms, in one reading."""
    try:
        async with AsyncExitStack() as locks:
            for room in rooms:
                await locks.enter_async_context(room.being_read)
            await _read_again(rooms)
    except Exception as exc:
        # One room's trouble must not keep the others from what they have missed.
        if len(rooms) == 1:
            logger.exception("room_not_read", error=type(exc).__name__)
            return
        for room in rooms:
            await refresh_together([room])


async def _read_again(rooms: Sequence[Room]) -> None:
    for room in rooms:
        room.stale = False
    keys = {room.session_id: [socket.sign_in for socket in room.sockets.values()] for room in rooms}
    try:
        readings = await pool.run(read_rooms, keys)
    except CONNECTION_ERRORS:
        # The next heartbeat tries again; nobody is let in on what we cannot read.
        logger.warning("rooms_not_read")
        return
    for room in rooms:
        room.take(readings[room.session_id])
