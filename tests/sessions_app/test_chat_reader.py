"""Lines written by another process: one read for many rooms, in order, each once."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app import chat_reader, pool, selectors
from sessions_app.chat_reader import ChatReader
from sessions_app.models import ChatMessage
from sessions_app.rooms import Room
from tests.cast import Cast
from tests.sessions_app.steps import admitted, appointment_now, session_of, written

pytestmark = pytest.mark.django_db(transaction=True)


class Listening(Room):
    """A room that only notes what it would hand to its sockets."""

    def __init__(self, session_id: uuid.UUID, reader: ChatReader) -> None:
        super().__init__(session_id, reader)
        self.heard: list[str] = []

    def deliver(self, event: dict[str, Any], *, writer: uuid.UUID | None = None) -> bool:
        fresh = event["seq"] == self.delivered + 1
        if fresh:
            self.heard.append(event["text"])
        return super().deliver(event, writer=writer)


@pytest.fixture
def rooms(signed: Cast) -> list[uuid.UUID]:
    """Two sessions of Sam, one after the other, with three lines each."""
    found = []
    for hours in (0, 2):
        appointment = appointment_now(signed)
        admitted(signed, signed.sam, appointment)
        for number in range(3):
            written(signed.sam, appointment, f"{hours} {number}")
        found.append(session_of(appointment).pk)
        appointment.starts_at += timedelta(hours=hours + 1)
        appointment.ends_at += timedelta(hours=hours + 1)
        appointment.save()
    return found


def read(ids: list[uuid.UUID], *, known: int = 0) -> list[Listening]:
    async def story() -> list[Listening]:
        reader = ChatReader()
        listening = [Listening(pk, reader) for pk in ids]
        for room in listening:
            room.delivered = known
        await asyncio.gather(*(reader.read(room) for room in listening))
        return listening

    try:
        return asyncio.run(story())
    finally:
        pool.close_connections()


def test_every_room_hears_what_it_missed_in_order(rooms: list[uuid.UUID]) -> None:
    assert [room.heard for room in read(rooms)] == [
        ["0 0", "0 1", "0 2"],
        ["2 0", "2 1", "2 2"],
    ]
    assert [room.heard for room in read(rooms, known=2)] == [["0 2"], ["2 2"]]


def test_more_than_one_page_is_read_to_the_end(
    rooms: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "MISSED_PAGE", 2)
    monkeypatch.setattr(chat_reader, "MISSED_PAGE", 2)
    assert [len(room.heard) for room in read(rooms)] == [3, 3]


def test_two_rooms_are_one_query(rooms: list[uuid.UUID]) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        rows = selectors.chat_missed(dict.fromkeys(rooms, 1))
    assert (len(queries), len(rows)) == (1, 4)
    assert {row.name for row in rows} == {"Sam"}  # type: ignore[attr-defined]


def test_a_line_that_does_not_open_silences_only_its_own_room(rooms: list[uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        table = ChatMessage._meta.db_table
        cursor.execute(
            f"UPDATE {table} SET body = '\\x00' WHERE session_id = %s AND seq = 2",  # noqa: S608
            [rooms[0]],
        )
    first, second = read(rooms)
    assert second.heard == ["2 0", "2 1", "2 2"]
    assert first.delivered < 3


def test_while_a_line_is_on_its_way_its_own_bell_asks_for_nothing() -> None:
    class Counting(ChatReader):
        asked = 0

        def read(self, room: Room) -> "asyncio.Future[None]":
            Counting.asked += 1
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done

    async def story() -> None:
        room = Room(uuid.uuid4(), Counting())
        room._writing = 1
        room.hear_of(1)
        assert Counting.asked == 0
        room._writing = 0
        event = {"seq": 1, "text": "mine"}
        await room.hand_out(event, uuid.uuid4())
        assert (Counting.asked, room.delivered) == (0, 1)
        room.hear_of(2)
        assert Counting.asked == 1, "somebody else's line is read"

    asyncio.run(story())
