"""Moving and cancelling: the notice rule, kind reasons, and what everybody's calendar hears."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.errors import NotVisible
from scheduling import actions, errors
from scheduling.actions.changes import reasons_for
from scheduling.models import CancelReason, Outcome, State
from tests.cast import Cast, sign
from tests.scheduling.steps import a_time, booked, held


def test_moving_keeps_the_appointment_and_raises_its_sequence(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    old, new = appointment.starts_at, a_time(signed, n=2, instead_of=appointment)

    moved = actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=new)

    assert (moved.pk, moved.starts_at, moved.sequence) == (appointment.pk, new, 1)
    assert moved.ends_at - moved.starts_at == timedelta(minutes=50)
    sign(signed.olga, signed.timo_child)
    assert held(signed, old, actor=signed.olga, child=signed.timo_child).state == State.HELD


def test_moving_twice_to_the_same_time_changes_nothing_the_second_time(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    new = a_time(signed, n=2, instead_of=appointment)
    actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=new)
    again = actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=new)
    assert again.sequence == 1


def test_moving_onto_a_taken_time_keeps_the_old_one(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    appointment = booked(signed, a_time(signed, n=0))
    wanted = a_time(signed, n=3, instead_of=appointment)
    taken = held(signed, wanted, actor=signed.olga, child=signed.timo_child)

    with pytest.raises(errors.TimeTaken):
        actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=taken.starts_at)

    old = appointment.starts_at
    appointment.refresh_from_db()
    assert (appointment.starts_at, appointment.sequence) == (old, 0)


def test_moving_into_the_past_or_off_the_grid_is_refused(signed: Cast) -> None:
    appointment = booked(signed)
    with pytest.raises(errors.InThePast):
        actions.reschedule(
            actor=signed.maria,
            appointment=appointment,
            starts_at=timezone.now() - timedelta(hours=1),
        )
    with pytest.raises(errors.NotOffered):
        actions.reschedule(
            actor=signed.maria,
            appointment=appointment,
            starts_at=appointment.starts_at + timedelta(days=1, minutes=3),
        )


def test_the_therapist_may_move_it_too(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    new = a_time(signed, n=2, instead_of=appointment)
    moved = actions.reschedule(actor=signed.amara, appointment=appointment, starts_at=new)
    assert moved.starts_at == new


def test_cancelling_in_good_time(signed: Cast) -> None:
    appointment = booked(signed)

    done = actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.SCHOOL)

    assert (done.state, done.late_cancel, done.sequence) == (State.CANCELLED, False, 1)
    assert (done.outcome, done.cancelled_by) == (Outcome.CANCELLED, signed.maria)


def test_cancelling_twice_is_cancelling_once(signed: Cast) -> None:
    appointment = booked(signed)
    actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.ILL)
    again = actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.SCHOOL)
    assert (again.sequence, again.cancel_reason) == (1, CancelReason.ILL)


@pytest.mark.parametrize(
    ("reason", "late"),
    [
        (CancelReason.SCHOOL, True),
        (CancelReason.FAMILY, True),
        (CancelReason.FLARE, False),
        (CancelReason.NOT_NOW, False),
    ],
)
def test_an_hour_before_a_flare_is_never_late(
    signed: Cast, reason: CancelReason, late: bool
) -> None:
    appointment = booked(signed)
    with time_machine.travel(appointment.starts_at - timedelta(hours=1)):
        done = actions.cancel(actor=signed.maria, appointment=appointment, reason=reason)
    assert done.state == State.CANCELLED
    assert done.late_cancel is late
    flare = reason == CancelReason.FLARE
    assert done.outcome == (Outcome.FLARE if flare else Outcome.CANCELLED)


def test_flare_comes_first_and_the_clinics_reason_is_only_for_the_clinic(signed: Cast) -> None:
    appointment = booked(signed)
    family, clinic = reasons_for(signed.maria, appointment), reasons_for(signed.amara, appointment)
    assert family[0] == CancelReason.FLARE
    assert CancelReason.CLINIC not in family
    assert CancelReason.CLINIC in clinic
    with pytest.raises(errors.ReasonMissing):
        actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.CLINIC)
    done = actions.cancel(actor=signed.amara, appointment=appointment, reason=CancelReason.CLINIC)
    assert done.late_cancel is False


def test_a_cancelled_time_is_free_again(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    appointment = booked(signed)
    actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.FLARE)
    got = held(signed, appointment.starts_at, actor=signed.olga, child=signed.timo_child)
    assert got.state == State.HELD


def test_what_has_begun_is_not_cancelled_from_afar(signed: Cast) -> None:
    appointment = booked(signed)
    with (
        time_machine.travel(appointment.starts_at + timedelta(minutes=5)),
        pytest.raises(errors.AlreadyStarted),
    ):
        actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.ILL)


def test_what_is_over_or_cancelled_cannot_be_moved(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    new = a_time(signed, n=2, instead_of=appointment)
    actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.ILL)
    with pytest.raises(errors.AlreadySettled):
        actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=new)


def test_nobody_else_moves_or_cancels(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    new = a_time(signed, n=2, instead_of=appointment)
    for user in (*signed.strangers_to_sam, signed.dad, signed.sam):
        with pytest.raises(NotVisible):
            actions.reschedule(actor=user, appointment=appointment, starts_at=new)
        with pytest.raises(NotVisible):
            actions.cancel(actor=user, appointment=appointment, reason=CancelReason.FLARE)
    appointment.refresh_from_db()
    assert (appointment.state, appointment.sequence) == (State.BOOKED, 0)
