"""A dead cache is an empty cache, and costs no page its answer or its time."""

import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches

BACKEND = "core.cache.ResilientRedisCache"


@pytest.fixture
def dead(settings: Any) -> Any:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": url}}
    return caches["default"]


@pytest.fixture
def silent(settings: Any) -> Iterator[Any]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": url}}
        yield caches["default"]


def test_alive_it_is_an_ordinary_cache() -> None:
    key = uuid.uuid4().hex
    assert cache.add(key, 1)
    assert not cache.add(key, 2)
    assert cache.incr(key) == 2
    cache.set_many({key: [1], key + "b": None})
    assert cache.get_many([key, key + "b"]) == {key: [1], key + "b": None}
    assert cache.touch(key)
    assert key in cache
    cache.delete_many([key, key + "b"])
    assert cache.get(key, "gone") == "gone"


def test_dead_it_is_empty_and_drops_writes(dead: Any) -> None:
    dead.set("k", 1)
    dead.set_many({"k": 1})
    dead.delete_many(["k"])
    assert dead.get("k", "miss") == "miss"
    assert dead.get_many(["k"]) == {}
    assert dead.incr("k") == 1
    assert "k" not in dead
    assert not dead.touch("k")
    assert not dead.delete("k")
    assert dead.add("lock", 1), "allauth waits on a lock that is never free"


def test_silent_it_costs_one_wait_and_then_none(silent: Any) -> None:
    started = time.perf_counter()
    silent.get("k")
    assert time.perf_counter() - started < 1.5
    started = time.perf_counter()
    for _ in range(100):
        silent.get("k")
    assert time.perf_counter() - started < 0.2


def test_clearing_leaves_the_broker_and_other_prefixes_alone(settings: Any) -> None:
    import redis  # noqa: PLC0415

    client = redis.Redis.from_url(settings.REDIS_URL)
    queue = f"queue-{uuid.uuid4().hex}"
    client.lpush(queue, "task")
    cache.set("mine", 1)
    cache.clear()
    assert cache.get("mine") is None
    assert client.llen(queue) == 1
    client.delete(queue)
    client.close()
