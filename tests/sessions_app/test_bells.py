"""What another process did is heard at once: one name listens and is subscribed, from the start."""

import asyncio
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import actions as accounts
from scheduling.models import Appointment, State
from sessions_app import hub as hubs
from sessions_app import pool
from tests.cast import Cast, client_for
from tests.sessions_app.test_coming_in import Line, until

pytestmark = pytest.mark.django_db(transaction=True)


def ours(hub: hubs.Hub) -> list[str]:
    """What it is subscribed to for people in rooms, not to hear its own pulse."""
    return [group for group in hub.subscribed if not group.startswith("hub.")]


def test_a_withdrawal_on_a_page_closes_a_socket_before_the_next_heartbeat(signed: Cast) -> None:
    start = timezone.now().replace(second=0, microsecond=0)
    appointment = Appointment.objects.create(
        child=signed.sam_child,
        therapist=signed.amara_t,
        booked_by=signed.maria,
        state=State.BOOKED,
        starts_at=start,
        ends_at=start + timedelta(minutes=50),
    )
    sign_in = client_for(signed.sam).session

    async def story() -> float:
        child = Line(signed.sam, sign_in, appointment)
        await until(lambda: "welcome" in child.kinds())
        hub = hubs.current()
        await until(lambda: len(ours(hub)) == 3)
        rung = time.monotonic()
        # From a thread without the hub, as a page's process would.
        await asyncio.to_thread(withdraw)
        await until(lambda: "websocket.close" in child.kinds())
        heard = time.monotonic() - rung
        await child.hang_up()
        # The room is left: its bells are for nobody.
        await until(lambda: not ours(hub))
        return heard

    def withdraw() -> None:
        accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
        connection.close()

    heard = asyncio.run(story())
    pool.close_connections()
    connection.close()
    assert heard < hubs.HEARTBEAT_SECONDS
