"""Sockets of one appointment that takes place now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import User
from scheduling.models import Appointment
from tests.cast import Cast
from tests.conftest import Live
from tests.sessions_app.steps import Wire, appointment_now, listed, wire_to


@pytest.fixture
def now(signed: Cast) -> Appointment:
    return appointment_now(signed)


@pytest.fixture
def wire(live: Live, signed: Cast) -> Iterator[Callable[..., Wire]]:
    """Opens sockets that are closed before the server stops."""
    opened: list[Wire] = []

    def open_wire(user: User | None, appointment: Any, query: str = "") -> Wire:
        about = getattr(appointment, "pk", appointment)
        opened.append(wire_to(live, user, about, query))
        return opened[-1]

    yield open_wire
    for one in opened:
        one.close()


@dataclass
class Meeting:
    cast: Cast
    appointment: Appointment
    therapist: Wire
    child: Wire
    open: Callable[..., Wire]

    def join(self, user: User) -> Wire:
        """One more person waits and is let in."""
        one = self.open(user, self.appointment)
        me = one.until("welcome")["you"]
        self.therapist.send("admit", participant=me)
        one.until("people", place="admitted")
        return one


@pytest.fixture
def meeting(wire: Callable[..., Wire], signed: Cast, now: Appointment) -> Meeting:
    """Amara and Sam are in the room, each with an open socket."""
    therapist, child = wire(signed.amara, now), wire(signed.sam, now)
    me = child.until("welcome")["you"]
    therapist.until("welcome")
    listed(signed, now)
    therapist.until("people", checklist_done=True)
    therapist.send("admit", participant=me)
    child.until("people", place="admitted")
    therapist.until("people", state="live")
    return Meeting(signed, now, therapist, child, wire)
