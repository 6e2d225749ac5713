"""One line that cannot be stored takes no other room's words with it."""

import asyncio
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core.encryption import shred
from scheduling.models import Appointment, State
from sessions_app import pool, protocol
from sessions_app.actions.chat import Line
from sessions_app.chat_writer import ChatWriter
from sessions_app.models import ChatMessage, Part, Participant, Place, Session, SessionState
from tests.cast import Cast, sign

pytestmark = pytest.mark.django_db(transaction=True)


def room_of(cast: Cast, who: str) -> Participant:
    child, therapist = getattr(cast, f"{who}_child"), cast.amara_t if who == "sam" else cast.ben_t
    start = timezone.now()
    appointment = Appointment.objects.create(
        child=child,
        therapist=therapist,
        booked_by=cast.maria,
        state=State.BOOKED,
        starts_at=start,
        ends_at=start + timedelta(minutes=50),
    )
    session = Session.objects.create(appointment=appointment, state=SessionState.LIVE)
    Participant.objects.create(
        session=session,
        user=therapist.user,
        part=Part.THERAPIST,
        place=Place.ADMITTED,
        connection="t",
        seen_at=start,
    )
    return Participant.objects.create(
        session=session, user=child.user, part=Part.CHILD, place=Place.ADMITTED
    )


def test_a_line_that_cannot_be_sealed_fails_alone(cast: Cast) -> None:
    sign(cast.maria, cast.sam_child)
    sign(cast.olga, cast.timo_child)
    sam, timo = room_of(cast, "sam"), room_of(cast, "timo")
    shred(cast.timo_child.data_key)
    lines = [
        Line(seat.session_id, seat.pk, seat.user_id, uuid.uuid4(), "hello") for seat in (timo, sam)
    ]

    async def both() -> list[Any]:
        writer = ChatWriter()
        return await asyncio.gather(*map(writer.write, lines), return_exceptions=True)

    lost, kept = asyncio.run(both())
    pool.close_connections()
    connection.close()
    assert getattr(lost, "code", "") == "cannot_open"
    assert kept.message is not None
    assert kept.error is None
    assert [row.sender_id for row in ChatMessage.objects.all()] == [cast.sam.pk]


def test_half_an_emoji_is_left_out() -> None:
    frame = {"type": "chat.send", "nonce": str(uuid.uuid4()), "text": "hi \ud83d there"}
    assert protocol.parse(json.dumps(frame))[2].text == "hi  there"
