"""One process's ears: its rooms, its subscriptions, its heartbeat.

Each process subscribes once per room and once per person, however many sockets it holds. A bell
carries ids; the room is read again once. A dead Redis leaves this process's own sockets working:
they hear from each other directly, and the heartbeat reads what others wrote.
"""

import asyncio
import uuid
import weakref
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import structlog
from channels.layers import get_channel_layer

from accounts.actions import stay_signed_in
from accounts.broadcast import REVOKED, person_group
from core import realtime
from sessions_app import broadcast, pool
from sessions_app.actions.room import seen
from sessions_app.chat_reader import ChatReader
from sessions_app.chat_writer import ChatWriter
from sessions_app.rooms import TAKEN_OVER, Room, refresh_together

if TYPE_CHECKING:
    from sessions_app.consumers import RoomSocket

logger = structlog.get_logger("sessions_app.hub")

HEARTBEAT_SECONDS = 5
SIGN_IN_SECONDS = 60
PULSE_SECONDS = 2
PULSE = "hub.pulse"
SUBSCRIBE_SECONDS = 2
RETRY_SECONDS = 1
# Read together by the heartbeat: a reading of ten rooms costs little more than that of one.
ROOMS_AT_ONCE = 10


class Hub:
    """Belongs to one event loop; nothing here is shared between threads."""

    def __init__(self) -> None:
        self.rooms: dict[uuid.UUID, Room] = {}
        self.writer = ChatWriter()
        self.reader = ChatReader()
        self._layer = get_channel_layer()
        self._channel = ""
        self._naming = asyncio.Lock()
        self._wanted: Counter[str] = Counter()
        self.subscribed: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._running: list[asyncio.Task[Any]] = []
        self._changed = asyncio.Event()
        self._self_group = f"hub.{uuid.uuid4().hex}"
        self._pulse = asyncio.Event()
        self._deaf = False
        self._want(self._self_group)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Background work that must not be lost to the garbage collector, nor fail unseen."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background_failed", error=type(error).__name__)

    # --- sockets ------------------------------------------------------------------------------

    async def join(self, socket: "RoomSocket") -> Room:
        room = self.rooms.get(socket.session_id)
        if room is None:
            room = self.rooms[socket.session_id] = Room(socket.session_id, self.reader)
        if (before := room.sockets.get(socket.participant_id)) is not None:
            before.close(TAKEN_OVER)
        room.sockets[socket.participant_id] = socket
        self._want(*self._groups(socket))
        if not self._running:
            self._running = [
                asyncio.create_task(self._forever(work))
                for work in (
                    self._listen,
                    self._subscribe,
                    self._feel_pulse,
                    self._beat,
                    self._look_again,
                    self._keep_signed_in,
                )
            ]
        await room.refresh()
        return room

    def leave(self, socket: "RoomSocket") -> None:
        self._drop(*self._groups(socket))
        room = self.rooms.get(socket.session_id)
        if room is None:
            return
        if room.sockets.get(socket.participant_id) is socket:
            del room.sockets[socket.participant_id]
        if not room.sockets:
            del self.rooms[room.session_id]

    # --- bells --------------------------------------------------------------------------------

    @staticmethod
    def _groups(socket: "RoomSocket") -> tuple[str, ...]:
        room, person = broadcast.group(socket.session_id), person_group(socket.user_id)
        return room, person, broadcast.ALL_CHAT

    def _want(self, *groups: str) -> None:
        self._wanted.update(groups)
        self._changed.set()

    def _drop(self, *groups: str) -> None:
        self._wanted.subtract(groups)
        self._wanted += Counter()  # forget what nobody wants
        self._changed.set()

    async def _forever(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A dead Redis ends a step, not the hub."""
        while True:
            try:
                await work()
            except asyncio.CancelledError:
                raise
            except Exception as exc:  # noqa: BLE001
                logger.warning("hub_step_failed", step=work.__name__, error=type(exc).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _own_channel(self) -> str:
        # Listening and subscribing both ask at the start: with a name each, no bell is ever heard.
        async with self._naming:
            if not self._channel and self._layer is not None:
                self._channel = await self._layer.new_channel("sessions")
            return self._channel

    async def _subscribe(self) -> None:
        """Bring the subscriptions in line with what is wanted; then read, to miss nothing."""
        if set(self._wanted) == self.subscribed:
            await self._changed.wait()
        self._changed.clear()
        if self._layer is None:
            return
        channel = await self._own_channel()
        wanted = set(self._wanted)
        for group in self.subscribed - wanted:
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                await self._layer.group_discard(group, channel)
            self.subscribed.discard(group)
        fresh = wanted - self.subscribed
        for group in fresh:
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                await self._layer.group_add(group, channel)
            self.subscribed.add(group)
        for room in list(self.rooms.values()):
            if broadcast.group(room.session_id) in fresh:
                self.spawn(room.refresh())

    async def _listen(self) -> None:
        if self._layer is None:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            return
        channel = await self._own_channel()
        event = await self._layer.receive(channel)
        self._hear(event)

    def _hear(self, event: dict[str, Any]) -> None:
        kind, about = event.get("type"), str(event.get("id", ""))
        if kind == broadcast.SIGNAL:
            self._pass_signal(event)
        elif kind == broadcast.CHAT:
            self._hear_of_lines(about)
        elif kind == broadcast.PLACES:
            room = self.rooms.get(uuid.UUID(about))
            if room is not None:
                self.spawn(room.hear_of_places())
        elif kind == PULSE:
            self._pulse.set()
        elif kind == broadcast.MUTE:
            self._ask_mute(uuid.UUID(about))
        elif kind == REVOKED:
            for room in list(self.rooms.values()):
                self.spawn(room.refresh())

    def _hear_of_lines(self, about: str) -> None:
        for part in about.split():
            session_id, _, seq = part.partition(":")
            room = self.rooms.get(uuid.UUID(session_id))
            if room is not None:
                room.hear_of(int(seq))

    def _ask_mute(self, participant_id: uuid.UUID) -> None:
        for room in self.rooms.values():
            if participant_id in room.sockets:
                room.sockets[participant_id].send({"type": "ask_mute"})

    def _pass_signal(self, event: dict[str, Any]) -> None:
        room = self.rooms.get(uuid.UUID(event["session"]))
        target = uuid.UUID(event["to"])
        if room is not None and target in room.sockets and room.is_inside(target):
            message = {"type": "signal", "from": event["from"], "data": event["data"]}
            room.sockets[target].send(message)

    async def signal(self, room: Room, sender: uuid.UUID, to: uuid.UUID, data: Any) -> bool:
        """To one person in the same room: directly, or through the layer to another process.

        It is never stored and never logged; it holds network addresses.
        """
        event = {
            "type": broadcast.SIGNAL,
            "session": str(room.session_id),
            "from": str(sender),
            "to": str(to),
            "data": data,
        }
        if to in room.sockets:
            self._pass_signal(event)
            return True
        return await realtime.relay(broadcast.group(room.session_id), event)

    # --- is the bell heard? -------------------------------------------------------------------

    async def _feel_pulse(self) -> None:
        """Ring for ourselves. While that is not heard, and once when it is again, read every room.

        A dead or restarted Redis loses bells without a word to either side, and a withdrawal or a
        line of chat must not wait for the slow heartbeat.
        """
        if not self.rooms:
            await asyncio.sleep(PULSE_SECONDS)
            return
        self._pulse.clear()
        await realtime.relay(self._self_group, {"type": PULSE})
        try:
            async with asyncio.timeout(PULSE_SECONDS):
                await self._pulse.wait()
        except TimeoutError:
            heard = False
        else:
            heard = True
        if self._deaf or not heard:
            await self._read_all_rooms(PULSE_SECONDS / 2)
        self._deaf = not heard
        if heard:
            await asyncio.sleep(PULSE_SECONDS)

    async def _read_all_rooms(self, seconds: float) -> None:
        rooms = list(self.rooms.values())
        for start in range(0, len(rooms), ROOMS_AT_ONCE):
            some = rooms[start : start + ROOMS_AT_ONCE]
            await refresh_together(some)
            # Spread: a hundred rooms must not be read in one burst.
            await asyncio.sleep(seconds * len(some) / len(rooms))

    # --- heartbeat ----------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Presence. By itself: while a busy machine reads all rooms, nobody may seem to be gone."""
        await asyncio.sleep(HEARTBEAT_SECONDS)
        ids = [pk for room in self.rooms.values() for pk in room.sockets]
        if ids:
            await pool.run(seen, participant_ids=ids)

    async def _keep_signed_in(self) -> None:
        """Listening for fifty minutes without touching a key is not being away."""
        await asyncio.sleep(SIGN_IN_SECONDS)
        keys: dict[int, list[str]] = {}
        for room in self.rooms.values():
            for socket in room.sockets.values():
                keys.setdefault(socket.idle_seconds, []).append(socket.sign_in)
        if keys:
            await pool.run(stay_signed_in, keys)

    async def _look_again(self) -> None:
        """A reading of every room: what a lost bell or a dead Redis kept from us."""
        await asyncio.sleep(2 * HEARTBEAT_SECONDS)
        await self._read_all_rooms(HEARTBEAT_SECONDS)


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
    return hub
