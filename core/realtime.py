"""The one door to the channel layer and to the broker. Both are bells, Postgres is the truth.

Everything here fails fast and quietly: a dead Redis costs a log line, never the write that rang
the bell. Sockets catch up with "everything since n", and beat sweeps the outbox every minute.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import redis
import structlog
from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import channel_layers, get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.pools import producers
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger("core.realtime")

# A bell that takes longer is not worth waiting for: a person waits behind it.
PATIENCE_SECONDS = 0.5
# Longer: a busy event loop is no dead Redis. redis-py alone would retry for many seconds, and the
# layer's lock would keep every other socket of the process waiting behind.
RELAY_PATIENCE_SECONDS = 2.0
_REST_SECONDS = 2.0
_AGAIN_SECONDS = 1.5
# After this sockets have long reconnected and asked for everything they missed.
_GIVE_UP_SECONDS = 120.0


@dataclass(slots=True, eq=False)
class _Kept:
    """A bell that could not ring yet."""

    ring: Callable[[], None]
    times: int = 2
    since: float = field(default_factory=time.monotonic)


class Breaker:
    """After a failure, skip further tries for a moment: a dead host must not slow every write.

    With `keep`, bells that failed or were skipped ring once the host is back, from a thread of
    their own, and a second time a little later: subscribers may need a second longer than we do
    to find the host again. A bell carries only an id, so hearing it twice does no harm.
    """

    def __init__(self, name: str, *, keep: int = 0) -> None:
        self._name = name
        self._closed_again_at = 0.0
        self._lock = threading.Lock()
        self._kept: deque[_Kept] | None = deque(maxlen=keep) if keep else None
        self._thread: threading.Thread | None = None

    def run(self, ring: Callable[[], None]) -> bool:
        """Ring unless resting. Any failure is logged and answered with False."""
        if time.monotonic() < self._closed_again_at:
            self._keep(ring)
            return False
        try:
            ring()
        except Exception as exc:  # noqa: BLE001 (whatever a broker throws, the write stands)
            self._closed_again_at = time.monotonic() + _REST_SECONDS
            logger.warning("bell_failed", bell=self._name, error=type(exc).__name__)
            self._keep(ring)
            return False
        return True

    def reset(self) -> None:
        """Forget failures and kept bells (tests, or after a known restart)."""
        with self._lock:
            self._closed_again_at = 0.0
            if self._kept is not None:
                self._kept.clear()

    def _keep(self, ring: Callable[[], None]) -> None:
        if self._kept is None:
            return
        with self._lock:
            self._kept.append(_Kept(ring))
            if self._thread is None:
                self._thread = threading.Thread(target=self._ring_kept, daemon=True)
                self._thread.start()

    def _ring_kept(self) -> None:
        while True:
            time.sleep(_AGAIN_SECONDS)
            with self._lock:
                kept = list(self._kept or ())
            for bell in kept:
                try:
                    bell.ring()
                except Exception:  # noqa: BLE001 (still away: the others would fail as well)
                    break
                bell.times -= 1
                self._closed_again_at = 0.0
            oldest = time.monotonic() - _GIVE_UP_SECONDS
            with self._lock:
                for bell in kept:
                    if (bell.times <= 0 or bell.since < oldest) and bell in (self._kept or ()):
                        self._kept.remove(bell)  # type: ignore[union-attr]
                if not self._kept:
                    self._thread = None
                    return


layer_breaker = Breaker("layer", keep=2000)
broker_breaker = Breaker("broker")  # beat sweeps the outbox every minute: nothing to keep


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    """A thread-safe pooled client that gives up after `PATIENCE_SECONDS` and one reconnect."""
    return redis.Redis.from_url(
        url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


def _group_send(group: str, event: Mapping[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    if isinstance(layer, RedisPubSubChannelLayer):
        # The layer's own async client would open a fresh connection in a fresh event loop for
        # every commit; a pooled client publishes the same bytes to the same channel (a test
        # listens with the real layer, so an upgrade that changes the format is noticed).
        prefix = channel_layers.configs["default"]["CONFIG"]["prefix"]
        _client(settings.REDIS_URL).publish(f"{prefix}__group__{group}", layer.serialize(event))
        return
    async_to_sync(layer.group_send)(group, dict(event))


def publish_on_commit(group: str, type: str, id: UUID | str) -> None:  # noqa: A002
    """After commit, tell `group` that `id` changed. Ids only: receivers re-read through access.

    Without a transaction it rings at once. Callable from any thread without a running event loop.
    """
    event = {"type": type, "id": str(id)}
    transaction.on_commit(
        lambda: _ignore(layer_breaker.run(partial(_group_send, group, event))), robust=True
    )


async def relay(group: str, event: Mapping[str, Any]) -> bool:
    """Pass a short-lived event (WebRTC signalling) to a group from a consumer; False if it failed.

    Nothing that must survive, and nothing about health: the layer forgets and is not encrypted.
    """
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        async with asyncio.timeout(RELAY_PATIENCE_SECONDS):
            await layer.group_send(group, dict(event))
    except Exception as exc:  # noqa: BLE001
        logger.warning("bell_failed", bell="relay", error=type(exc).__name__)
        return False
    return True


def _ignore(_result: object) -> None:
    return None


@lru_cache(maxsize=4)
def _broker(url: str) -> Connection:
    """A connection template for producers only: a worker's own must block far longer."""
    return Connection(
        url,
        connect_timeout=PATIENCE_SECONDS,
        transport_options={
            "socket_timeout": PATIENCE_SECONDS,
            "socket_connect_timeout": PATIENCE_SECONDS,
            # without these kombu retries for minutes inside `producer.channel`
            "max_retries": 0,
            "connect_retries_timeout": PATIENCE_SECONDS,
        },
    )


def _send_task(name: str) -> None:
    if current_app.conf.task_always_eager:
        current_app.loader.import_default_modules()
        current_app.tasks[name].apply_async()
        return
    pool = producers[_broker(settings.CELERY_BROKER_URL)]
    with pool.acquire(block=True, timeout=PATIENCE_SECONDS) as producer:
        # by name: a process that only serves pages has not imported the tasks
        current_app.send_task(name, producer=producer, retry=False)


def ping_broker() -> None:
    """Raise unless the broker takes a new connection (for /readyz)."""
    with _broker(settings.CELERY_BROKER_URL).clone() as connection:
        connection.ensure_connection(max_retries=1, timeout=1)


def kick(task_name: str) -> None:
    """After commit, start a task that takes no argument. Rows wait in Postgres if it cannot."""
    transaction.on_commit(
        lambda: _ignore(broker_breaker.run(partial(_send_task, task_name))), robust=True
    )
