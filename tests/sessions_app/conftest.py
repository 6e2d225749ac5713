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
from tests.sessions_app.windows import Window


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


@pytest.fixture
def window(page_for: Callable[..., Any], signed: Cast) -> Iterator[Callable[..., Window]]:
    appointment = appointment_now(signed)
    opened: list[Window] = []

    def open_window(user: Any, **options: Any) -> Window:
        opened.append(Window(page_for(user, **options), appointment))
        return opened[-1]

    yield open_window
    for one in opened:
        assert not [text for text in one.console if text.startswith("ERROR")], one.console
        assert not [text for text in one.console if "candidate:" in text], "addresses in console"


@pytest.fixture
def call(window: Callable[..., Window], signed: Cast) -> tuple[Window, Window]:
    """Amara and Sam in the room, in two browsers, seeing each other."""
    therapist = window(signed.amara).go("room")
    child = window(signed.sam, width=360, height=740).go("wait")
    therapist.ready()
    child.ready()
    listed(signed, Appointment.objects.get())
    therapist.act("admit", "Sam")
    for one in (therapist, child):
        one.sees_and_hears()
    return therapist, child
