"""One demo per checkout: whose turn it is, and how to end it from another window."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from telehealth.embedded.environment import ROOT, Sentence, var_dir
from telehealth.embedded.processes import alive, lock, read_pid

END_SECONDS = 20


def _lock_file() -> Path:
    return var_dir() / "demo.lock"


def _pid_file() -> Path:
    return var_dir() / "demo.pid"


def running() -> int:
    """The pid of this checkout's demo, or 0."""
    pid = read_pid(_pid_file())
    return pid if pid and alive(pid, "python", ROOT) else 0


@contextmanager
def take() -> Iterator[int]:
    """Yields the lock's file descriptor, for the demo's processes to inherit.

    They share the lock, so that it is free only when the last of them has ended: a start right
    after a kill -9 waits for them instead of finding its ports taken.
    """
    with ExitStack() as held:
        handle = _lock(held)
        _pid_file().write_text(f"{os.getpid()}\n")
        yield handle


def _lock(held: ExitStack) -> int:
    deadline = time.monotonic() + END_SECONDS
    told = False
    while True:
        with suppress(BlockingIOError):
            return held.enter_context(lock(_lock_file(), wait=False))
        if pid := running():
            raise Sentence(
                f"The demo of this checkout is already running (process {pid}). "
                "`make stop` ends it from here."
            )
        if time.monotonic() > deadline:
            raise Sentence(f"Processes of an earlier demo hold {_lock_file()} and do not end.")
        if not told:
            print("  Waiting for the processes of the last run to end ...", flush=True)
            told = True
        time.sleep(0.1)


def stop() -> None:
    """Ask a running demo to end, and wait until the last of its processes has."""
    if not (pid := running()):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        with suppress(BlockingIOError), lock(_lock_file(), wait=False):
            return
        time.sleep(0.05)
    raise Sentence(f"The demo (process {pid}) does not stop.")
