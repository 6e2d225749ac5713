"""Database work for sockets: a bounded pool of threads, each with a connection it keeps.

Channels' own helper opens and closes a connection around every call, or runs everything in one
thread; both lost messages under load (DESIGN.md, Decisions).
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from core.rls import acting_as, system

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 6

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sockets-db")


class _Age(threading.local):
    outages = 0


_age = _Age()
_outages = 0


def _guarded(work: Callable[[], T]) -> T:
    global _outages  # noqa: PLW0603  # a count all threads watch; racing writers do no harm
    if _age.outages != _outages:
        # Another thread met a restarted Postgres: this one's connection is dead as well.
        connection.close()
        _age.outages = _outages
    try:
        return work()
    except (OperationalError, InterfaceError):
        connection.close()
        _outages += 1
        _age.outages = _outages
        raise


async def run_as(who: UUID | str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking ORM work for one person off the event loop. A lost connection raises, and heals.

    Postgres shows the work no row they are not tied to (core.rls).
    """

    def theirs() -> T:
        with acting_as(who):
            return work(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_pool, _guarded, theirs)


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`run_as` for many people, or for nobody."""
    return await run_as(system("sockets"), work, *args, **kwargs)


def close_connections() -> None:
    """Close every thread's connection (a test's database cannot be dropped otherwise)."""
    barrier = threading.Barrier(THREADS, timeout=10)

    def close() -> None:
        barrier.wait()
        connection.close()

    for done in [_pool.submit(close) for _ in range(THREADS)]:
        done.result()
