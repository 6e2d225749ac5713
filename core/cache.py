"""The cache is allowed to be away: pages that only need Postgres go on.

On a dead Redis every read is a miss and every write is dropped, with one log line. That means
allauth's sign-in rate limits do not count for that time: they **fail open**. Failing closed would
lock every child out of a session in progress because a cache is being restarted; argon2 at
100 MiB a try, the gunicorn thread limit and the proxy's own limit still slow a guesser, and
/readyz is red from the first second. A clinic that prefers the other way uses Django's
`RedisCache` here: then sign-in answers "one moment" (503) until Redis is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import redis.exceptions
import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger("core.cache")

T = TypeVar("T")
_AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
PATIENCE_SECONDS = 0.5
_REST_SECONDS = 1.0


class SoftClient(RedisCacheClient):
    """Django's client, with an answer of its own while the server is away."""

    def __init__(self, servers: Any, **options: Any) -> None:
        options.setdefault("socket_timeout", PATIENCE_SECONDS)
        options.setdefault("socket_connect_timeout", PATIENCE_SECONDS)
        # redis-py's default is three retries with seconds of waiting between them
        options.setdefault("retry", Retry(NoBackoff(), 1))
        super().__init__(servers, **options)
        self._rest_until = 0.0  # one thread that found it away spares the others the wait

    def _try(self, call: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < self._rest_until:
            return otherwise
        try:
            return call()
        except _AWAY as exc:
            self._rest_until = time.monotonic() + _REST_SECONDS
            logger.warning("cache_away", error=type(exc).__name__)
            return otherwise

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        # True: allauth loops on add() to take a lock, and would loop for as long as Redis is away
        return self._try(lambda: super(SoftClient, self).add(key, value, timeout), True)  # noqa: FBT003

    def get(self, key: Any, default: Any) -> Any:
        return self._try(lambda: super(SoftClient, self).get(key, default), default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._try(lambda: super(SoftClient, self).set(key, value, timeout), None)

    def touch(self, key: Any, timeout: Any) -> bool:
        return self._try(lambda: super(SoftClient, self).touch(key, timeout), False)  # noqa: FBT003

    def delete(self, key: Any) -> bool:
        return self._try(lambda: super(SoftClient, self).delete(key), False)  # noqa: FBT003

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        keys = list(keys)
        return self._try(lambda: super(SoftClient, self).get_many(keys), {})

    def has_key(self, key: Any) -> bool:
        return self._try(lambda: super(SoftClient, self).has_key(key), False)  # noqa: FBT003

    def incr(self, key: Any, delta: int) -> int:
        return self._try(lambda: super(SoftClient, self).incr(key, delta), delta)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        self._try(lambda: super(SoftClient, self).set_many(data, timeout), None)

    def delete_many(self, keys: Iterable[Any]) -> None:
        keys = list(keys)
        self._try(lambda: super(SoftClient, self).delete_many(keys), None)


class ResilientRedisCache(RedisCache):
    """Answers "nothing here" while its server is away."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SoftClient

    def clear(self) -> None:
        """Only our own prefix: Django's clear() would flush the broker in the same database."""
        client = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=f"{self.key_prefix}:*"):
            client.delete(key)
