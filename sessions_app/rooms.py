"""One process's view of one live room: its sockets, and what they are told."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from core.errors import CONNECTION_ERRORS
from sessions_app import pool
from sessions_app.models import Place, SessionState
from sessions_app.reading import Reading, read_room
from sessions_app.selectors import CHAT_PAGE, as_events, chat_since

if TYPE_CHECKING:
    from sessions_app.consumers import RoomSocket

logger = structlog.get_logger("sessions_app.rooms")

SIGNED_OUT, REVOKED, TAKEN_OVER, OVER = 4401, 4403, 4409, 4410
# Bells keep a reading true within milliseconds; this bounds what a lost bell can cost.
FRESH_SECONDS = 2


class Room:
    """All sockets of this process in one session. Only ever touched from the event loop."""

    def __init__(self, session_id: uuid.UUID) -> None:
        self.session_id = session_id
        self.sockets: dict[uuid.UUID, RoomSocket] = {}
        self.reading: Reading | None = None
        self.delivered = 0
        self._read_at = 0.0
        self._lock = asyncio.Lock()
        self._stale = False

    # --- places -------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Read the room again and tell everybody. Bells that ring meanwhile share one reading."""
        self._stale = True
        async with self._lock:
            if not self._stale:
                return
            self._stale = False
            keys = [socket.sign_in for socket in self.sockets.values()]
            try:
                reading = await pool.run(read_room, self.session_id, keys)
            except CONNECTION_ERRORS:
                # The next heartbeat tries again; nobody is let in on what we cannot read.
                logger.warning("room_not_read")
                return
            first = self.reading is None
            self.reading, self._read_at = reading, time.monotonic()
            if first:
                self.delivered = reading.last_seq
            self._tell_all()
        if reading.last_seq > self.delivered:
            await self.catch_up()

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
            "people": view.listed(),
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
            if socket.participant_id != writer and self.is_inside(socket.participant_id):
                socket.send_text(text)
        return True

    async def catch_up(self) -> None:
        """Read what other processes wrote, once for all sockets here."""
        async with self._lock:
            rows: list[dict[str, Any]] | None = None
            while rows is None or len(rows) == CHAT_PAGE:
                try:
                    rows = await pool.run(self._missed, self.delivered)
                except CONNECTION_ERRORS:
                    return
                for event in rows:
                    if not self.deliver(event):
                        return

    def _missed(self, seq: int) -> list[dict[str, Any]]:
        people = self.reading.view.people if self.reading else []
        return as_events(chat_since(self.session_id, seq), people)
