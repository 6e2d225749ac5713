"""`make demo`: servers, data, pages, sockets, worker and beat, until Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TypeVar

from telehealth.embedded import servers
from telehealth.embedded.environment import ROOT, Sentence, var_dir
from telehealth.embedded.processes import lock
from telehealth.embedded.supervisor import Child, Supervisor

READY_SECONDS = 60
T = TypeVar("T")


def port(name: str, default: int) -> int:
    try:
        number = int(os.environ.get(name, default))
    except ValueError:
        raise Sentence(f"{name} must be a number, for example {name}={default}.") from None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            raise Sentence(
                f"Port {number} is taken. Stop what uses it, or choose another: "
                f"make demo {name}={number + 10}"
            ) from None
    return number


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def step(text: str, work: Callable[[], T]) -> T:
    print(f"  {text + ' ...':<46}", end="", flush=True)
    started = time.monotonic()
    result = work()
    print(f"{time.monotonic() - started:5.1f} s", flush=True)
    return result


def manage(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise Sentence(f"`manage.py {' '.join(arguments)}` failed:\n{tail}")
    return done.stdout


def children(web_port: int, socket_port: int) -> list[Child]:
    logs = var_dir() / "log"
    logs.mkdir(exist_ok=True)
    run = [sys.executable, "-m"]
    commands = {
        "web": [
            *run, "gunicorn", "telehealth.wsgi:application", "--bind", f"127.0.0.1:{web_port}",
            "--worker-class", "gthread", "--workers", "1", "--threads", "8",
            "--graceful-timeout", "3", "--no-control-socket",
        ],
        "sockets": [
            *run, "uvicorn", "telehealth.asgi:application", "--host", "127.0.0.1",
            "--port", str(socket_port), "--ws-max-size", "131072", "--lifespan", "off",
            "--no-access-log", "--timeout-graceful-shutdown", "2",
        ],
        "worker": [
            *run, "celery", "-A", "telehealth", "worker", "--pool", "threads",
            "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle",
        ],
        "beat": [
            *run, "celery", "-A", "telehealth", "beat", "--loglevel", "INFO",
            "--schedule", str(var_dir() / "beat"), "--pidfile=",
        ],
    }  # fmt: skip
    return [Child(name, command, logs / f"{name}.log") for name, command in commands.items()]


def wait_until_ready(url: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310
            return
        if dead := [child for child in supervisor.children if child.gone()]:
            raise Sentence(f"{dead[0].name} did not start; {dead[0].log} says why.")
        time.sleep(0.2)
    raise Sentence(f"The pages did not get ready; {var_dir() / 'log'} says why.")


def run() -> int:
    web_port, socket_port = port("PORT", 8000), port("SOCKET_PORT", 8001)
    os.chdir(ROOT)
    os.environ["PORT"], os.environ["SOCKET_PORT"] = str(web_port), str(socket_port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.demo")
    own_servers = not servers.external()
    started: list[str] = []
    if own_servers:
        started = step("Starting Postgres and Valkey", lambda: servers.up(with_parent=True))
        os.environ.update(servers.urls())
    supervisor = Supervisor(
        children(web_port, socket_port),
        (lambda: servers.up(with_parent=True)) if own_servers else list,
        say,
    )
    stop_on_signal(supervisor)
    try:
        step("Bringing the tables up to date", lambda: manage("migrate", "--noinput"))
        step("Gathering static files", lambda: manage("collectstatic", "--noinput"))
        sign_ins = step("Filling the demo clinic", lambda: manage("load_demo"))
        step("Starting pages, sockets, worker and beat", supervisor.start)
        url = f"http://localhost:{web_port}"
        step("Waiting until everything answers", lambda: wait_until_ready(url, supervisor))
        print(f"\n  Lantern is at {url}\n\n{sign_ins}\n  Ctrl-C stops everything.\n", flush=True)
        supervisor.watch()
    except KeyboardInterrupt:
        pass
    finally:
        quiet_signals()
        print("\n  Stopping ...", flush=True)
        supervisor.stop()
        servers.down(started)
    if supervisor.failed:
        raise Sentence(supervisor.failed)
    say("Stopped. Your data is kept; `make demo` starts it again.")
    return 0


def stop_on_signal(supervisor: Supervisor) -> None:
    def asked(_sign: int, _frame: FrameType | None) -> None:
        supervisor.stopping = True
        raise KeyboardInterrupt

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, asked)


def quiet_signals() -> None:
    """A second Ctrl-C while stopping must not leave processes behind."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)


def main() -> int:
    held: Path = var_dir() / "demo.lock"
    try:
        with lock(held, wait=False):
            return run()
    except BlockingIOError:
        raise Sentence("The demo of this checkout is already running.") from None
    except OSError as exc:
        raise Sentence(f"The demo had to stop: {exc.strerror or exc}.") from None


if __name__ == "__main__":
    sys.exit(main())
