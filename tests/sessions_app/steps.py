"""What the stories of this folder do again and again, by the real actions and real sockets."""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from accounts.models import User
from scheduling.models import Appointment, State
from sessions_app.actions import chat, checklist, room
from sessions_app.models import ChatMessage, Participant, Session, StartChecklist
from tests.cast import Cast, client_for
from tests.conftest import Live

ANSWERS: dict[str, Any] = {
    "identity_confirmed": True,
    "location": "12 Mill Lane, first floor",
    "place": "GB",
    "callback_number": "020 7946 0001",
    "adult_location": "In the kitchen",
    "who_can_hear": "Nobody",
    "signals_agreed": True,
    "backup_plan": True,
}


def appointment_now(cast: Cast, **values: Any) -> Appointment:
    """Sam meets Amara now. Made directly: slots begin in the future, and this is not about them."""
    start = timezone.now().replace(second=0, microsecond=0)
    defaults = {
        "child": cast.sam_child,
        "therapist": cast.amara_t,
        "booked_by": cast.maria,
        "state": State.BOOKED,
        "starts_at": start,
        "ends_at": start + timedelta(minutes=50),
    }
    return Appointment.objects.create(**defaults | values)


def arrived(user: User, appointment: Appointment, connection: str = "") -> Participant:
    """Somebody's socket took a seat."""
    return room.arrive(
        actor=user, appointment_id=appointment.pk, connection=connection or uuid.uuid4().hex
    )


def listed(cast: Cast, appointment: Appointment, **changes: Any) -> StartChecklist:
    """Amara completes the start list."""
    return checklist.save_checklist(
        actor=cast.amara, appointment_id=appointment.pk, answers=ANSWERS | changes
    )


def admitted(cast: Cast, user: User, appointment: Appointment) -> Participant:
    """`user` waits and Amara lets them in (she is there and her list is complete)."""
    arrived(cast.amara, appointment)
    person = arrived(user, appointment)
    listed(cast, appointment)
    room.admit(actor=cast.amara, appointment_id=appointment.pk, participant=person.pk)
    person.refresh_from_db()
    return person


def written(
    user: User, appointment: Appointment, text: str, nonce: uuid.UUID | None = None
) -> ChatMessage:
    return chat.write(
        actor=user, appointment_id=appointment.pk, nonce=nonce or uuid.uuid4(), text=text
    )


def session_of(appointment: Appointment) -> Session:
    return Session.objects.get(appointment=appointment)


def seat_of(user: User, appointment: Appointment) -> Participant:
    return Participant.objects.get(session__appointment=appointment, user=user)


def until(what: Callable[[], Any], *, seconds: float = 10) -> Any:
    """Wait for a truth that other threads bring about; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
    return found


class Wire:
    """One person's socket to a real server, as a page would open it."""

    def __init__(self, address: str, *, origin: str, cookie: str) -> None:
        self.cookie = cookie
        self.heard: list[dict[str, Any]] = []
        self._opened = ExitStack()
        self.socket = self._opened.enter_context(
            connect(
                address,
                origin=origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": f"sessionid={cookie}"},
                open_timeout=10,
                max_size=None,
            )
        )

    def send(self, kind: str, **payload: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **payload}))

    def raw(self, data: str | bytes) -> None:
        self.socket.send(data)

    def hear(self, seconds: float = 10) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        self.heard.append(message)
        return message

    def until(self, *kinds: str, seconds: float = 10, **facts: Any) -> dict[str, Any]:
        """The next message of a kind with these values; what comes before is kept in `heard`."""
        deadline = time.monotonic() + seconds
        while True:
            message = self.hear(max(0.01, deadline - time.monotonic()))
            if message["type"] in kinds and facts.items() <= message.items():
                return message

    def told(self) -> list[dict[str, Any]]:
        """Everything the server has put on its way to us before this moment."""
        start = len(self.heard)
        self.send("ping")
        self.until("pong")
        return self.heard[start:-1]

    def code(self, seconds: float = 10) -> int:
        """The code with which the server closes; fails if it stays open."""
        deadline = time.monotonic() + seconds
        with suppress(ConnectionClosed):
            while True:
                self.hear(max(0.01, deadline - time.monotonic()))
        assert self.socket.close_code is not None
        return self.socket.close_code

    def refused(self, kind: str, **payload: Any) -> str:
        """Send something that must be answered with an error; its code."""
        self.send(kind, **payload)
        return str(self.until("error")["code"])

    def turned_away(self, kind: str, **payload: Any) -> str | int:
        """The code of an error, or of the close: which comes first is a matter of timing."""
        try:
            return self.refused(kind, **payload)
        except ConnectionClosed:
            return self.code()

    def write(self, text: str, nonce: str = "") -> dict[str, Any]:
        """A line of chat, acknowledged."""
        nonce = nonce or str(uuid.uuid4())
        self.send("chat.send", nonce=nonce, text=text)
        return self.until("chat.ack", nonce=nonce)

    def cut(self) -> None:
        """The network is gone: nothing of ours arrives any more, not even a pong."""
        self.socket.send_data = lambda: None  # type: ignore[method-assign]

    def close(self) -> None:
        self._opened.close()


def wire_to(live: Live, user: User | None, appointment_id: uuid.UUID, query: str = "") -> Wire:
    """`user` signs in anew and opens a socket to the live server of this test."""
    return Wire(
        f"{live.url.replace('http', 'ws')}/ws/sessions/{appointment_id}/{query}",
        origin=live.url,
        cookie=client_for(user).cookies["sessionid"].value if user else "",
    )
