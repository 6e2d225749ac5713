"""`make demo`: servers, data, pages, sockets, worker and beat, until Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import FrameType

from telehealth.embedded import servers, turn
from telehealth.embedded.environment import DISK_FULL, ROOT, Sentence, explain, is_full, var_dir
from telehealth.embedded.processes import dies_with_parent, end_with_parent
from telehealth.embedded.progress import step
from telehealth.embedded.supervisor import Child, Supervisor

READY_SECONDS = 60
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def port(name: str, default: int) -> int:
    try:
        number = int(os.environ.get(name) or default)
        if not 0 < number < 65536:
            raise ValueError  # noqa: TRY301  # the same sentence for both
    except ValueError:
        raise Sentence(f"{name} must be a port number, for example {name}={default}.") from None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as exc:
            raise Sentence(
                f"Port {number} cannot be used ({exc.strerror}). Stop what uses it, or choose "
                f"another: make demo {name}={min(number + 1010, 65000)}"
            ) from None
    return number


def ports() -> tuple[int, int]:
    web, sockets = port("PORT", 8000), port("SOCKET_PORT", 8001)
    if web == sockets:
        raise Sentence(f"PORT and SOCKET_PORT must differ; both are {web}.")
    return web, sockets


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def prepare() -> str:
    """Tables, static files and clinic, by a process of its own; the sign-ins to show."""
    log = log_dir() / "prepare.log"
    with log.open("w") as errors:
        done = subprocess.run(
            [sys.executable, "manage.py", "prepare_demo"],
            cwd=ROOT,
            stderr=errors,
            check=False,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    if done.returncode:
        raise Sentence(why_unprepared(log.read_text(errors="replace"), log))
    return (var_dir() / "demo-sign-ins.txt").read_text()


def why_unprepared(output: str, log: Path) -> str:
    if is_full(output):
        return DISK_FULL
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return f"The demo could not be prepared: {lines[-1] if lines else 'it was killed'} ({log})"


def log_dir() -> Path:
    path = var_dir() / "log"
    path.mkdir(exist_ok=True)
    return path


def children(web_port: int, socket_port: int) -> list[Child]:
    logs = log_dir()
    run = [sys.executable, "-m"]
    commands = {
        "web": [
            *run, "gunicorn", "telehealth.wsgi:application", "--bind", f"127.0.0.1:{web_port}",
            "--worker-class", "gthread", "--workers", "1", "--threads", "8",
            "--graceful-timeout", "3", "--no-control-socket",
        ],
        "sockets": [
            *run, "uvicorn", "telehealth.sockets:application", "--host", "127.0.0.1",
            "--port", str(socket_port), "--ws-max-size", "131072", "--lifespan", "off",
            "--ws-ping-interval", "5", "--ws-ping-timeout", "5",
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
    # Never by a proxy of the person's own: it knows nothing of this machine's loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        supervisor.look_once()
        if supervisor.failed:
            raise Sentence(supervisor.failed)
        with suppress(OSError), direct.open(f"{url}/readyz", timeout=2):
            return
        time.sleep(0.2)
    raise Sentence(f"The pages did not get ready; {var_dir() / 'log'} says why.")


def start_everything(supervisor: Supervisor, web_port: int) -> None:
    """Each step with its seconds; ends with the address and who can sign in."""
    if supervisor.servers:
        step("Starting Postgres and Valkey", supervisor.start_servers)
        os.environ.update(
            {key: url for key, url in servers.urls().items() if key not in os.environ}
        )
    sign_ins = prepare()
    url = f"http://localhost:{web_port}"

    def start() -> None:
        supervisor.start()
        wait_until_ready(url, supervisor)

    step("Starting pages, sockets, worker and beat", start)
    print(f"\n  Lantern is at {url}\n\n{sign_ins}\n  Ctrl-C stops everything.\n", flush=True)


def run(turn_lock: int) -> int:
    web_port, socket_port = ports()
    os.chdir(ROOT)
    os.environ["PORT"], os.environ["SOCKET_PORT"] = str(web_port), str(socket_port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.demo")
    supervisor = Supervisor(children(web_port, socket_port), list(servers.needed().values()), say)
    supervisor.inherited = (turn_lock,)
    stop_on_signal(supervisor)
    try:
        start_everything(supervisor, web_port)
        supervisor.watch()
    except KeyboardInterrupt:
        pass
    finally:
        # A second Ctrl-C while stopping must not leave processes behind.
        for sign in STOP_SIGNALS:
            signal.signal(sign, signal.SIG_IGN)
        print("\n  Stopping ...", flush=True)
        supervisor.stop()
    if supervisor.failed:
        raise Sentence(supervisor.failed)
    say("Stopped. Your data is kept; `make demo` starts it again.")
    return 0


def stop_on_signal(supervisor: Supervisor) -> None:
    def asked(_sign: int, _frame: FrameType | None) -> None:
        if not supervisor.stopping:
            supervisor.stopping = True
            raise KeyboardInterrupt

    for sign in STOP_SIGNALS:
        signal.signal(sign, asked)


def main() -> int:
    if "MAKELEVEL" in os.environ:
        # A `make` that was killed cannot pass on the Ctrl-C that would end us.
        end_with_parent(signal.SIGTERM)
    try:
        with turn.take() as turn_lock:
            return run(turn_lock)
    except KeyboardInterrupt:
        raise Sentence("Stopped.") from None
    except OSError as exc:
        raise explain(exc, "The demo had to stop") from None


if __name__ == "__main__":
    sys.exit(main())
