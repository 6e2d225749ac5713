"""Both servers together: start or find, stop, run a command beside them."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from telehealth.embedded import postgres, valkey
from telehealth.embedded.environment import server_dir, socket_dir, var_dir, write_env
from telehealth.embedded.processes import dies_with_parent, lock


def needed() -> dict[str, str]:
    """Address variable -> server name, leaving out what points at a real server already."""
    names = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
    return {key: name for key, name in names.items() if key not in os.environ}


def up(names: Sequence[str] = ("postgres", "valkey"), *, with_parent: bool = False) -> list[str]:
    """Start what is not running; returns the names of what was started.

    `with_parent`: the servers end, cleanly, when this process does, however it ends.
    """
    started = []
    with lock(server_dir() / "lock"):
        if "postgres" in names and not postgres.pid():
            postgres.start(dies_with_parent(signal.SIGINT) if with_parent else None)
            started.append("postgres")
        if "valkey" in names and not (valkey.pid() and valkey.answers()):
            valkey.start(dies_with_parent(signal.SIGTERM) if with_parent else None)
            started.append("valkey")
    write_env(urls())
    return started


def running(names: Sequence[str]) -> bool:
    return all({"postgres": postgres, "valkey": valkey}[name].pid() for name in names)


def urls() -> dict[str, str]:
    return {"DATABASE_URL": postgres.url(), "REDIS_URL": valkey.url()}


def down(names: Sequence[str] = ("postgres", "valkey")) -> None:
    with lock(server_dir() / "lock"):
        if "valkey" in names:
            valkey.stop()
        if "postgres" in names:
            postgres.stop()
    for name in ("pg", "vk"):
        # One outside the state folder must not stay behind; a used one is not empty.
        with suppress(OSError):
            socket_dir(name).rmdir()


def run_beside(command: Sequence[str]) -> int:
    """Run `command` with the servers' addresses; stop afterwards only what was started here.

    One at a time in a state folder: whoever came first would stop the servers under the others.
    """
    wanted = needed()
    if not wanted:
        return subprocess.call(command)
    turn = var_dir() / "exec.lock"
    try:
        with lock(turn, wait=False):
            return _run_beside(command, wanted)
    except BlockingIOError:
        print(f"  Waiting: another run uses the servers under {var_dir()} ...", flush=True)
        with lock(turn):
            return _run_beside(command, wanted)


def _run_beside(command: Sequence[str], wanted: dict[str, str]) -> int:
    started = up(list(wanted.values()), with_parent=True)
    addresses = {key: value for key, value in urls().items() if key in wanted}
    process = subprocess.Popen(
        command,
        env=os.environ | addresses,
        preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
    )
    ask = _pass_on(process)
    try:
        return process.wait()
    finally:
        for sign in ask:
            signal.signal(sign, signal.SIG_IGN)
        down(started)


def _pass_on(process: subprocess.Popen[bytes]) -> Sequence[signal.Signals]:
    """Hand SIGTERM and SIGHUP to the command; Ctrl-C reaches it from the terminal already."""

    def hand_on(number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            process.send_signal(number)

    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, hand_on)
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    return (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
