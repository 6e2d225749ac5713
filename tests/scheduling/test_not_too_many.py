"""A family cannot fill a therapist's calendar, neither by booking nor by old holds."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from scheduling import actions
from scheduling.errors import EnoughBooked
from scheduling.models import Appointment, CancelReason, State, WhoJoins
from tests.cast import Cast
from tests.scheduling.steps import a_time, booked, held


@pytest.fixture(autouse=True)
def two(settings: Any) -> None:
    settings.MOST_BOOKED_AHEAD = 2


def test_the_family_books_so_many_ahead_and_no_more(signed: Cast) -> None:
    first = booked(signed)
    booked(signed, a_time(signed, n=9))
    with pytest.raises(EnoughBooked):
        held(signed, a_time(signed, n=18))
    actions.cancel(actor=signed.maria, appointment=first, reason=CancelReason.FLARE)
    booked(signed, a_time(signed, n=18))


def test_old_holds_do_not_get_round_it(signed: Cast) -> None:
    kept = held(signed)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        for n in (9, 18):
            booked(signed, a_time(signed, n=n))
        with pytest.raises(EnoughBooked):
            actions.confirm(actor=signed.maria, appointment=kept, who_joins=WhoJoins.CHILD)
    assert Appointment.objects.filter(state=State.BOOKED).count() == 2


def test_the_care_team_plans_as_it_needs_to(signed: Cast) -> None:
    for n in (0, 9):
        booked(signed, a_time(signed, n=n))
    kept = held(signed, a_time(signed, n=18), actor=signed.amara)
    done = actions.confirm(actor=signed.amara, appointment=kept, who_joins=WhoJoins.CHILD)
    assert done.state == State.BOOKED
