"""The socket of one person in one session. Thin: access, then a table of messages to actions.

A small ASGI application of its own instead of Channels' consumer: that one hops to a thread to
close database connections before every event, which halves the rate (DESIGN.md, Decisions).
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import structlog

from accounts.models import User
from accounts.sign_in import fully_signed_in
from core.errors import CONNECTION_ERRORS, DomainError, NotVisible, as_payload
from sessions_app import hub as hubs
from sessions_app import pool, protocol
from sessions_app.access import enter
from sessions_app.actions import room as places
from sessions_app.actions.chat import Line
from sessions_app.errors import (
    BadShape,
    Ended,
    NobodyThere,
    NotIn,
    Paused,
    SlowDown,
    TooLong,
    UnknownMessage,
)
from sessions_app.ice import ice_settings
from sessions_app.limits import Bucket
from sessions_app.rooms import OVER, REVOKED, SIGNED_OUT, Room
from sessions_app.selectors import as_events, chat_since

logger = structlog.get_logger("sessions_app.socket")

NOT_FOUND, NONSENSE, TRY_AGAIN = 4404, 4400, 1013
# A page that keeps sending nonsense is broken or hostile.
PATIENCE = 50
NONSENSICAL = (BadShape, TooLong, UnknownMessage, NotVisible)
# It goes on by itself: the page keeps the line and sends it again.
PASSING = (SlowDown, Paused)
# Messages waiting for a slow reader; then the socket is closed and the page catches up.
LONGEST_QUEUE = 1_000

Event = dict[str, Any]


class RoomSocket:
    """Made for each connection; `close` and `send` may be called from anywhere in the loop."""

    def __init__(self, scope: Event, receive: Any, send: Any) -> None:
        self._receive, self._send_raw = receive, send
        self.user: Any = scope.get("user")
        self.appointment_id: uuid.UUID = scope["url_route"]["kwargs"]["appointment_id"]
        self.check_only = "check" in parse_qs(scope.get("query_string", b"").decode())
        self._session: Any = scope.get("session")
        self.sign_in: str = getattr(self._session, "session_key", "") or ""
        # How long this sign-in may be idle; the room counts as being here.
        self.idle_seconds = 0
        self.connection = uuid.uuid4().hex
        self.user_id = uuid.UUID(int=0)
        self.participant_id = uuid.UUID(int=0)
        self.session_id = uuid.UUID(int=0)
        self._out: asyncio.Queue[str | int] = asyncio.Queue(LONGEST_QUEUE)
        self._buckets: dict[str, Bucket] = {}
        self._refused = 0
        self._closing = False
        # The room tells news only to those who know the whole truth already.
        self.welcomed = False

    async def run(self) -> None:
        if (await self._receive())["type"] != "websocket.connect":
            return
        try:
            await self._take_seat()
        except (DomainError, *CONNECTION_ERRORS) as exc:
            await self._refuse(exc)
            return
        if self.check_only:
            await self._check_answer()
            return
        hub = hubs.current()
        writer = None
        try:
            room = await hub.join(self)
            await self._send_raw({"type": "websocket.accept"})
            # Not earlier: what is sent before the socket is accepted ends the writer.
            writer = asyncio.create_task(self._write_out())
            self._welcome(room)
            await self._read_on(hub, room)
        finally:
            if writer is not None:
                writer.cancel()
            hub.leave(self)
            await self._give_seat_back()

    async def _take_seat(self) -> None:
        if not isinstance(self.user, User):
            raise NotVisible
        self.user_id = self.user.pk
        self.idle_seconds = self._session.get_session_cookie_age()
        if not await pool.run_as(self.user_id, fully_signed_in, self.user, self._session):
            raise NotVisible
        if self.check_only:
            await pool.run_as(self.user_id, enter, self.user, self.appointment_id)
            return
        person = await pool.run_as(
            self.user_id,
            places.arrive,
            actor=self.user,
            appointment_id=self.appointment_id,
            connection=self.connection,
        )
        self.participant_id, self.session_id = person.pk, person.session_id

    async def _refuse(self, exc: Exception) -> None:
        """Accepting only to close with a code: browsers do not tell a page why else.

        Nothing is subscribed and nothing sent. Strangers and unknown ids get the same code.
        """
        code = REVOKED
        if not isinstance(self.user, User):
            code = SIGNED_OUT
        elif isinstance(exc, NotVisible):
            code = NOT_FOUND
        elif isinstance(exc, Ended):
            code = OVER
        elif not isinstance(exc, DomainError):
            code = TRY_AGAIN
        await self._send_raw({"type": "websocket.accept"})
        await self._send_raw({"type": "websocket.close", "code": code})

    async def _check_answer(self) -> None:
        """The device check asks only whether a socket opens and which ways out there are."""
        ice = ice_settings(self.appointment_id, self.user_id)
        await self._send_raw({"type": "websocket.accept"})
        text = json.dumps({"type": "check", **ice})
        await self._send_raw({"type": "websocket.send", "text": text})
        while (await self._receive())["type"] != "websocket.disconnect":
            pass

    def _welcome(self, room: Room) -> None:
        if room.reading is None:  # Postgres went away between the seat and the reading
            self.close(TRY_AGAIN)
            return
        self.welcomed = True
        ice = ice_settings(self.session_id, self.participant_id)
        room.tell(self, "welcome", ice)

    # --- out ----------------------------------------------------------------------------------

    def send(self, message: Event) -> None:
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        if self._closing or not self.welcomed:
            return
        try:
            self._out.put_nowait(text)
        except asyncio.QueueFull:
            self._closing = True
            self._out.get_nowait()
            self._out.put_nowait(TRY_AGAIN)

    def close(self, code: int) -> None:
        """After what is queued already."""
        if not self._closing:
            self._closing = True
            if self._out.full():
                self._out.get_nowait()
            self._out.put_nowait(code)

    async def _write_out(self) -> None:
        while True:
            item = await self._out.get()
            try:
                if isinstance(item, int):
                    await self._send_raw({"type": "websocket.close", "code": item})
                    return
                await self._send_raw({"type": "websocket.send", "text": item})
            except (OSError, RuntimeError):  # the other side is gone; receive will say so
                return

    # --- in -----------------------------------------------------------------------------------

    async def _read_on(self, hub: hubs.Hub, room: Room) -> None:
        while (event := await self._receive())["type"] != "websocket.disconnect":
            if not self._closing:
                await self._answer(hub, room, event.get("text"))

    async def _answer(self, hub: hubs.Hub, room: Room, text: str | None) -> None:
        try:
            kind, row, payload = protocol.parse(text)
            await self._check_may(kind, row, room)
            await HANDLERS[kind](self, hub, room, payload)
        except Exception as exc:  # noqa: BLE001  # every failure gets its coded answer
            self._say_error(exc, text)

    async def _check_may(self, kind: str, row: protocol.Row, room: Room) -> None:
        bucket = self._buckets.get(kind)
        if bucket is None:
            bucket = self._buckets[kind] = Bucket(row.per_second, row.burst)
        if not bucket.take():
            raise SlowDown
        if row.relayed:
            # No action looks again, so the reading must be fresh; it closes who may not be here.
            await room.refresh_if_old()
            if room.paused:
                raise Paused
        if row.inside and (self._closing or not room.is_inside(self.participant_id)):
            raise NotIn

    def _say_error(self, exc: Exception, text: str | None) -> None:
        known = isinstance(exc, (DomainError, *CONNECTION_ERRORS))
        if not known:
            logger.error("socket_message_failed", error=type(exc).__name__)
        answer: Event = dict(as_payload(exc))
        final = isinstance(exc, DomainError) and not isinstance(exc, PASSING)
        if final and (nonce := _nonce_of(text)):
            # The page gives these words back to the writer; without a nonce it tries again.
            answer["nonce"] = nonce
        self.send(answer)
        self._refused += isinstance(exc, NONSENSICAL)
        if self._refused > PATIENCE:
            self.close(NONSENSE)

    async def _give_seat_back(self) -> None:
        try:
            await pool.run_as(
                self.user_id,
                places.seat_lost,
                participant_id=self.participant_id,
                connection=self.connection,
            )
        except CONNECTION_ERRORS:
            # Presence fades by itself when the socket is not heard any more.
            logger.warning("seat_not_given_back")


def _nonce_of(text: str | None) -> str:
    try:
        payload = json.loads(text or "") if text and len(text) <= 2 * protocol.MAX_FRAME else {}
    except (ValueError, RecursionError):
        return ""
    nonce = payload.get("nonce") if isinstance(payload, dict) else None
    return nonce if isinstance(nonce, str) and len(nonce) <= 40 else ""


# --- what each message does ---------------------------------------------------------------------

Handler = Callable[[RoomSocket, hubs.Hub, Room, Any], Awaitable[None]]


async def _ping(socket: RoomSocket, _hub: hubs.Hub, room: Room, _payload: Any) -> None:
    socket.send({"type": "pong", "last_seq": room.delivered})


async def _ice(socket: RoomSocket, _hub: hubs.Hub, room: Room, _payload: Any) -> None:
    ice = ice_settings(room.session_id, socket.participant_id)
    socket.send({"type": "ice", **ice})


async def _signal(socket: RoomSocket, hub: hubs.Hub, room: Room, payload: protocol.Signal) -> None:
    if payload.to == socket.participant_id or not room.is_inside(payload.to):
        raise NobodyThere
    if not await hub.signal(room, socket.participant_id, payload.to, payload.data):
        raise NobodyThere


async def _chat_send(
    socket: RoomSocket, hub: hubs.Hub, room: Room, payload: protocol.ChatSend
) -> None:
    line = Line(room.session_id, socket.participant_id, socket.user_id, payload.nonce, payload.text)
    written = await room.write(hub.writer, line)
    if written.error is not None or written.message is None:
        raise written.error or NotIn()
    message = written.message
    event = {
        "seq": message.seq,
        "nonce": str(message.nonce),
        "sender": str(socket.participant_id),
        "name": socket.user.display_name,
        "text": message.body,  # a nonce used twice keeps its first words
        "at": message.sent_at.isoformat(),
    }
    await room.hand_out(event, socket.participant_id)
    socket.send({"type": "chat.ack", **event})


async def _chat_since(
    socket: RoomSocket, _hub: hubs.Hub, room: Room, payload: protocol.ChatSince
) -> None:
    await room.refresh_if_old()
    people = room.reading.view.people if room.reading else []
    me = next((p for p in people if p.pk == socket.participant_id), None)
    if me is None:
        return

    def read() -> list[Event]:
        return as_events(chat_since(room.session_id, payload.seq, me), people)

    socket.send({"type": "chat.many", "messages": await pool.run_as(socket.user_id, read)})


def _change(action: Callable[..., Any]) -> Handler:
    async def handle(socket: RoomSocket, _hub: hubs.Hub, room: Room, payload: Any) -> None:
        who = {"participant": payload.participant} if hasattr(payload, "participant") else {}
        work = partial(action, actor=socket.user, appointment_id=socket.appointment_id, **who)
        await room.change(socket.user_id, work)

    return handle


HANDLERS: dict[str, Handler] = {
    "ping": _ping,
    "ice": _ice,
    "signal": _signal,
    "chat.send": _chat_send,
    "chat.since": _chat_since,
    "admit": _change(places.admit),
    "admit_all": _change(places.admit),
    "send_back": _change(places.send_back),
    "ask_mute": _change(places.ask_mute),
    "leave": _change(places.leave),
    "end": _change(places.end_for_all),
}


async def session_socket(scope: Event, receive: Any, send: Any) -> None:
    await RoomSocket(scope, receive, send).run()
