"""Letting in is one reading, though its own bell comes back; no other bell is lost behind it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from scheduling.models import Appointment
from sessions_app import hub, rooms
from sessions_app.actions import room
from sessions_app.models import Place
from tests.cast import Cast
from tests.sessions_app.steps import Wire, listed, seat_of, until

Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these stories wait for must come by a bell, not by a reading that comes anyway."""
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)
    monkeypatch.setattr(hub, "PULSE_SECONDS", 3600)


@pytest.fixture
def waiting(wire: Open, signed: Cast, now: Appointment) -> tuple[Wire, Wire]:
    """Amara in the room, Sam before it."""
    therapist, child = wire(signed.amara, now), wire(signed.sam, now)
    for one in (therapist, child):
        one.until("welcome")
    return therapist, child


def test_letting_in_is_one_reading_while_the_first_picture_is_on_its_way(
    waiting: tuple[Wire, Wire], signed: Cast, now: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    therapist, child = waiting
    listed(signed, now)
    therapist.until("people", checklist_done=True)
    read_at: list[float] = []
    read = rooms.read_rooms

    def noted(*args: Any, **more: Any) -> Any:
        read_at.append(time.monotonic())
        return read(*args, **more)

    monkeypatch.setattr(rooms, "read_rooms", noted)
    began = time.monotonic()  # the start list's own bells ring out first
    until(lambda: time.monotonic() - max([began, *read_at]) > 3 * rooms.OWN_BELL_SECONDS)
    read_at.clear()
    therapist.send("admit", participant=str(seat_of(signed.sam, now).pk))
    child.until("people", place=Place.ADMITTED)
    soon = time.monotonic() + rooms.OWN_BELL_SECONDS / 2
    until(lambda: time.monotonic() > soon)
    assert len([one for one in read_at if one < soon]) == 1


@pytest.fixture
def long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long that on a busy machine, too, the other bell rings within it."""
    monkeypatch.setattr(rooms, "OWN_BELL_SECONDS", 3)


@pytest.mark.usefixtures("long_wait")
def test_what_another_process_does_just_after_a_change_from_here_is_heard(
    waiting: tuple[Wire, Wire], signed: Cast, now: Appointment
) -> None:
    therapist, child = waiting
    listed(signed, now)
    therapist.until("people", checklist_done=True)
    who = seat_of(signed.sam, now).pk
    therapist.send("admit", participant=str(who))
    child.until("people", place=Place.ADMITTED)
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=who)
    child.until("people", place=Place.WAITING)


@pytest.mark.usefixtures("long_wait")
def test_a_refused_change_does_not_swallow_the_bell_of_another_process(
    waiting: tuple[Wire, Wire], signed: Cast, now: Appointment
) -> None:
    therapist, _child = waiting
    who = seat_of(signed.sam, now).pk
    assert therapist.refused("admit", participant=str(who)) == "checklist_first"
    listed(signed, now)
    therapist.until("people", checklist_done=True)
