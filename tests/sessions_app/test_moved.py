"""A session that is moved begins anew: who was let in and what was asked held for the old time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from scheduling import actions as booking
from scheduling.models import Appointment, CancelReason, Outcome
from sessions_app import hub
from sessions_app.actions import room
from sessions_app.actions.chat import Line, write_many
from sessions_app.errors import ChecklistFirst, NotIn, NotOpen
from sessions_app.models import Place, SessionState
from sessions_app.tasks import close_forgotten_sessions
from tests.cast import Cast
from tests.scheduling.steps import a_time, booked
from tests.sessions_app.steps import (
    Wire,
    admitted,
    appointment_now,
    arrived,
    listed,
    seat_of,
    session_of,
)

TEN_MINUTES = timedelta(minutes=10)


def moved(cast: Cast, appointment: Appointment) -> Appointment:
    """Maria presses "Move it", to another day."""
    starts_at = a_time(cast, after=timedelta(days=4), instead_of=appointment)
    return booking.reschedule(actor=cast.maria, appointment=appointment, starts_at=starts_at)


@pytest.fixture
def next_week(signed: Cast) -> Appointment:
    """Ten minutes before the start Sam and Maria are let in; then the session is moved."""
    appointment = booked(signed)
    with time_machine.travel(appointment.starts_at - TEN_MINUTES):
        for user in (signed.sam, signed.maria):
            admitted(signed, user, appointment)
        return moved(signed, appointment)


def test_nobody_is_in_and_where_the_child_is_has_to_be_asked_again(
    signed: Cast, next_week: Appointment
) -> None:
    with time_machine.travel(next_week.starts_at - TEN_MINUTES):
        for user in (signed.sam, signed.maria):
            assert arrived(user, next_week).place == Place.WAITING
        arrived(signed.amara, next_week)
        assert session_of(next_week).state == SessionState.PLANNED
        with pytest.raises(ChecklistFirst):
            room.admit(actor=signed.amara, appointment_id=next_week.pk)
        assert admitted(signed, signed.sam, next_week).place == Place.ADMITTED
        assert seat_of(signed.maria, next_week).place == Place.WAITING


def test_the_pages_lead_to_the_waiting_room_without_a_socket_as_well(
    signed: Cast, next_week: Appointment, as_user: Callable[[User], Client]
) -> None:
    with time_machine.travel(next_week.starts_at - TEN_MINUTES):
        client = as_user(signed.sam)
        client.get(reverse("session_room", args=[next_week.pk]))
        assert seat_of(signed.sam, next_week).place == Place.WAITING


def test_until_then_nothing_can_be_asked_admitted_ended_or_written(
    signed: Cast, next_week: Appointment
) -> None:
    """Also by sockets and tabs that were open when it was moved."""
    about: dict[str, Any] = {"actor": signed.amara, "appointment_id": next_week.pk}
    with pytest.raises(NotOpen):
        listed(signed, next_week)
    for press in (room.admit, room.end_for_all):
        with pytest.raises(NotOpen):
            press(**about)
    sam = seat_of(signed.sam, next_week)
    line = Line(sam.session_id, sam.pk, signed.sam.pk, sam.pk, "hello?")
    assert isinstance(write_many([line])[0].error, NotIn)


def test_nobody_came_to_the_new_time(signed: Cast, next_week: Appointment) -> None:
    """That they met before the move does not make the new session a completed one."""
    with time_machine.travel(next_week.ends_at + timedelta(hours=2)):
        close_forgotten_sessions()
    next_week.refresh_from_db()
    assert next_week.outcome == Outcome.NO_SHOW


@pytest.fixture
def early(wire: Callable[..., Wire], signed: Cast) -> tuple[Appointment, Wire, Wire]:
    """Ten minutes before the start, with the sockets of Amara and Sam."""
    start = timezone.now() + TEN_MINUTES
    soon = appointment_now(signed, starts_at=start, ends_at=start + timedelta(minutes=50))
    wires = wire(signed.amara, soon), wire(signed.sam, soon)
    for one in wires:
        one.until("welcome")
    return soon, *wires


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)


def test_open_sockets_are_closed_at_the_move(
    signed: Cast, early: tuple[Appointment, Wire, Wire]
) -> None:
    appointment, therapist, child = early
    moved(signed, appointment)
    assert child.code(3) == therapist.code(3) == 4403


def test_open_sockets_are_closed_at_a_cancellation(
    signed: Cast, early: tuple[Appointment, Wire, Wire]
) -> None:
    appointment, therapist, child = early
    booking.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.FLARE)
    assert child.code(3) == therapist.code(3) == 4410
