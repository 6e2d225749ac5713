"""A hold ends by itself, blocks nobody afterwards, and being slow is no fault."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.audit.models import AuditEvent
from scheduling import actions, errors
from scheduling.models import Appointment, State, WhoJoins
from scheduling.tasks import expire_holds
from tests.cast import Cast, sign
from tests.scheduling.steps import a_time, held

LATER = timedelta(minutes=6)


def test_after_five_minutes_another_family_gets_the_time(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    kept = held(signed)
    with time_machine.travel(timezone.now() + LATER):
        got = held(signed, kept.starts_at, actor=signed.olga, child=signed.timo_child)
    kept.refresh_from_db()
    assert (kept.state, got.state) == (State.EXPIRED, State.HELD)


def test_the_sweep_lets_only_stale_holds_go(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    stale = held(signed, a_time(signed, n=0))
    with time_machine.travel(timezone.now() + LATER):
        fresh = held(
            signed,
            a_time(signed, n=4),
            actor=signed.olga,
            child=signed.timo_child,
            therapist=signed.ben_t,
        )
        assert expire_holds() == 1
        assert expire_holds() == 0
    stale.refresh_from_db()
    fresh.refresh_from_db()
    assert (stale.state, fresh.state) == (State.EXPIRED, State.HELD)
    assert AuditEvent.objects.filter(action="appointment.expire_holds").count() == 1


@pytest.mark.parametrize("swept", [True, False])
def test_a_late_confirm_still_books_a_time_that_is_free(signed: Cast, swept: bool) -> None:
    kept = held(signed)
    with time_machine.travel(timezone.now() + LATER):
        if swept:
            expire_holds()
        appointment = actions.confirm(
            actor=signed.maria, appointment=kept, who_joins=WhoJoins.TOGETHER
        )
    assert appointment.state == State.BOOKED


def test_a_late_confirm_of_a_time_that_went_is_told_so(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    kept = held(signed)
    with time_machine.travel(timezone.now() + LATER):
        held(signed, kept.starts_at, actor=signed.olga, child=signed.timo_child)
        with pytest.raises(errors.TimeTaken):
            actions.confirm(actor=signed.maria, appointment=kept, who_joins=WhoJoins.CHILD)
    assert Appointment.objects.booked().count() == 0


def test_a_hold_at_the_edge_of_the_notice_can_be_confirmed_a_minute_later(signed: Cast) -> None:
    start = a_time(signed)
    with time_machine.travel(start - timedelta(minutes=60), tick=False):
        kept = held(signed, start)
    with time_machine.travel(start - timedelta(minutes=57), tick=False):
        done = actions.confirm(actor=signed.maria, appointment=kept, who_joins=WhoJoins.CHILD)
    assert done.state == State.BOOKED


def test_a_hold_survives_a_neighbour_that_shifts_the_grid(signed: Cast) -> None:
    """Others book around a held time, so that a fresh list would start on other minutes."""
    sign(signed.olga, signed.timo_child)
    # At noon, whenever this runs: Amara begins at eight, so the same day has times before it.
    noon = (timezone.now() + timedelta(days=4)).replace(hour=12)
    kept = held(signed, a_time(signed, after=noon - timezone.now()))
    before = [
        o
        for o in _offers_of_timo(signed, minutes=25)
        if o.ends_at <= kept.starts_at and o.starts_at.date() == kept.starts_at.date()
    ]
    actions.confirm(
        actor=signed.olga,
        appointment=held(
            signed, before[0].starts_at, actor=signed.olga, child=signed.timo_child, minutes=25
        ),
        who_joins=WhoJoins.CHILD,
    )
    done = actions.confirm(actor=signed.maria, appointment=kept, who_joins=WhoJoins.CHILD)
    assert done.state == State.BOOKED


def _offers_of_timo(signed: Cast, *, minutes: int) -> list[object]:
    from scheduling import availability  # noqa: PLC0415

    desk = availability.open_desk(
        signed.timo_child, now=timezone.now(), therapist_id=signed.amara_t.pk
    )
    return desk.offers(minutes)  # type: ignore[return-value]
