"""Database work for sockets: a bounded pool of threads, each with a connection it keeps.

Channels' own helper opens and closes a connection around every call, or runs everything in one
thread; both lost messages under load (DESIGN.md, Decisions).
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 6

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sockets-db")


class _Age(threading.local):
    outages = 0


_age = _Age()
_outages = 0


def _guarded(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    global _outages  # noqa: PLW0603  # a count all threads watch; racing writers do no harm
    if _age.outages != _outages:
        # Another thread met a restarted Postgres: this one's connection is dead as well.
        connection.close()
        _age.outages = _outages
    try:
        return work(*args, **kwargs)
    except (OperationalError, InterfaceError):
        connection.close()
        _outages += 1
        _age.outages = _outages
        raise


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking ORM work off the event loop. A lost connection raises, and heals."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool, lambda: _guarded(work, *args, **kwargs))


def close_connections() -> None:
    """Close every thread's connection (a test's database cannot be dropped otherwise)."""
    barrier = threading.Barrier(THREADS, timeout=10)

    def close() -> None:
        barrier.wait()
        connection.close()

    for done in [_pool.submit(close) for _ in range(THREADS)]:
        done.result()
