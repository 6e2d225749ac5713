"""Both servers together: start or find, stop, run a command beside them."""

import os
import signal
import subprocess
from collections.abc import Sequence

from telehealth.embedded import postgres, valkey
from telehealth.embedded.environment import server_dir, write_env
from telehealth.embedded.processes import dies_with_parent, lock


def external() -> bool:
    """DATABASE_URL and REDIS_URL point at real servers: nothing to start here."""
    return "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ


def up(*, with_parent: bool = False) -> list[str]:
    """Start what is not running; returns the names of what was started.

    `with_parent`: the servers end when this process does, however it ends.
    """
    started = []
    with lock(server_dir() / "lock"):
        if not postgres.pid():
            postgres.start(dies_with_parent(signal.SIGINT) if with_parent else None)
            started.append("postgres")
        if not (valkey.pid() and valkey.answers()):
            valkey.start(dies_with_parent(signal.SIGTERM) if with_parent else None)
            started.append("valkey")
    write_env(urls())
    return started


def urls() -> dict[str, str]:
    return {"DATABASE_URL": postgres.url(), "REDIS_URL": valkey.url()}


def down(names: Sequence[str] = ("postgres", "valkey")) -> None:
    with lock(server_dir() / "lock"):
        if "valkey" in names:
            valkey.stop()
        if "postgres" in names:
            postgres.stop()


def run_beside(command: Sequence[str]) -> int:
    """Run `command` with the servers' addresses; stop afterwards only what was started here."""
    if external():
        return subprocess.call(command)
    started = up(with_parent=True)
    try:
        return subprocess.call(command, env=os.environ | urls())
    except KeyboardInterrupt:
        return 130
    finally:
        down(started)
