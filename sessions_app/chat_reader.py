"""Lines other processes wrote: read for all rooms at once, while further bells gather.

A query per bell would cost more than the writing: with two processes nearly every line has to be
read once by the other.
"""

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import structlog

from core.errors import CONNECTION_ERRORS
from sessions_app import pool
from sessions_app.selectors import MISSED_PAGE, chat_missed, missed_event

if TYPE_CHECKING:
    from sessions_app.rooms import Room

logger = structlog.get_logger("sessions_app.chat_reader")

Missed = list[tuple[uuid.UUID, dict[str, Any]]]


def _missed(since: dict[uuid.UUID, int]) -> Missed:
    """In a thread: opening a line may need its key from the database."""
    return [(row.session_id, missed_event(row)) for row in chat_missed(since)]


class ChatReader:
    """One per event loop, and one read at a time."""

    def __init__(self) -> None:
        self._asked: dict[Room, asyncio.Future[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def read(self, room: "Room") -> "asyncio.Future[None]":
        """Done when the room was handed what is committed now (or Postgres is away)."""
        done = self._asked.get(room)
        if done is None:
            done = self._asked[room] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return asyncio.shield(done)  # a socket that goes must not cancel it for the others

    async def _work(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    await self._hand_out(list(asked))
                finally:
                    for done in asked.values():
                        done.set_result(None)
        finally:
            self._task = None

    async def _hand_out(self, rooms: list["Room"]) -> None:
        try:
            await self._read(rooms)
        except CONNECTION_ERRORS:
            return  # the next bell or heartbeat reads again
        except Exception as exc:  # a line that does not open, a bug
            # One room's trouble must not silence the others.
            if len(rooms) == 1:
                logger.exception("chat_not_read", error=type(exc).__name__)
                return
            for room in rooms:
                await self._hand_out([room])

    async def _read(self, rooms: list["Room"]) -> None:
        by_id = {room.session_id: room for room in rooms}
        rows: Missed | None = None
        while rows is None or len(rows) == MISSED_PAGE:
            rows = await pool.run(_missed, {pk: room.delivered for pk, room in by_id.items()})
            for session_id, event in rows:
                by_id[session_id].deliver(event)
