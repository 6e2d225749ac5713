"""A clinic on this machine, by the very commands and environment of docker-compose.yml.

What differs from the containers is in `Clinic.local` and `Clinic.environment` and nowhere else:
names of containers, ports, /run/secrets and the folders for state become local ones.
"""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telehealth.embedded import postgres, valkey
from telehealth.embedded.processes import dies_with_parent
from tests.core.smtp_stub import SmtpStub
from tests.house.machine import state_folder, until
from tests.ops.compose import ROOT, check_words, compose, readme_env, words
from tests.ports import free_port

APP = ("web", "sockets", "worker", "beat")
TOOLS = Path(__file__).parent / "tools"


@dataclass
class Clinic:
    folder: Path
    caddy: str
    smtp: SmtpStub
    ports: dict[str, int]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = readme_env() | {"DOMAIN": self.host}
        self.file = compose(values)
        self.services: dict[str, Any] = self.file["services"]

    # --- what is local ------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """As browsers name it: the proxy, or without one the pages' own port."""
        return f"localhost:{self.ports['https' if self.caddy else 'web']}"

    def local(self, text: str) -> str:
        """Container-only words of a command or value, as they are here."""
        text = re.sub(r"(?<![\w/])/tmp(?![\w-])", str(self.folder / "tmp"), text)
        for there, here in (
            ("0.0.0.0:8000", f"127.0.0.1:{self.ports['web']}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.ports['web']}"),
            ("--host 0.0.0.0 --port 8001", f"--host 127.0.0.1 --port {self.ports['sockets']}"),
            ("127.0.0.1:8001", f"127.0.0.1:{self.ports['sockets']}"),
            ("127.0.0.1:2019", f"127.0.0.1:{self.ports['admin']}"),
            ("web:8000", f"127.0.0.1:{self.ports['web']}"),
            ("sockets:8001", f"127.0.0.1:{self.ports['sockets']}"),
            ("@db:5432", f"@127.0.0.1:{self.ports['db']}"),
            ("@redis:6379", f"@127.0.0.1:{self.ports['redis']}"),
            ("pg_isready -q -h 127.0.0.1", f"pg_isready -q -h 127.0.0.1 -p {self.ports['db']}"),
            ("--appendonly", f"--bind 127.0.0.1 --port {self.ports['redis']} --appendonly"),
            ("redis-cli ping", f"redis-cli -p {self.ports['redis']} ping"),
            ("--dir /data", f"--dir {self.folder}/redis"),
            ("/run/secrets", f"{self.folder}/secrets"),
        ):
            text = text.replace(there, here)
        return text

    def environment(self, service: str) -> dict[str, str]:
        values = self.services[service].get("environment", {})
        there = {name: self.local(str(value)) for name, value in values.items()}
        if "ALLOWED_HOSTS" in there:
            there["ALLOWED_HOSTS"] = "localhost"  # the same name, less our port
        return there | {
            "PATH": f"{self.folder}/bin:{Path(sys.executable).parent}:{postgres.binaries()}:"
            f"/usr/bin:/bin:{TOOLS}",
            "HOSTNAME": "clinic",
            "STATIC_ROOT": f"{self.folder}/static",  # the image's own, see Dockerfile
            "XDG_DATA_HOME": f"{self.folder}/caddy",
            "XDG_CONFIG_HOME": f"{self.folder}/caddy",
            "HTTP_PORT": str(self.ports["http"]),
            "HTTPS_PORT": str(self.ports["https"]),
            "ADMIN_ADDRESS": f"127.0.0.1:{self.ports['admin']}",
        }

    def command(self, service: str) -> list[str]:
        found = self.services[service]
        if service == "proxy":  # the image's own command
            config = str(ROOT / "docker" / "Caddyfile")
            return [self.caddy, "run", "--adapter", "caddyfile", "--config", config]
        command = found["command"]
        if service == "worker":  # its name in a container is the container's
            command += " --hostname celery@clinic"
        return words(self.local(command))

    @property
    def authority(self) -> str:
        """Caddy's own, which signs for names that are not public."""
        return f"{self.folder}/caddy/caddy/pki/authorities/local/root.crt"

    def speaks_tls(self) -> bool:
        """Its certificate is made after the start, beside everything else."""
        try:
            trusting = ssl.create_default_context(cafile=self.authority)
            with (
                socket.create_connection(("127.0.0.1", self.ports["https"]), 5) as plain,
                trusting.wrap_socket(plain, server_hostname="localhost"),
            ):
                return True
        except OSError:
            return False

    # --- running ------------------------------------------------------------------------------

    def log(self, service: str) -> str:
        path = self.folder / f"{service}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, *services: str) -> None:
        for service in services:
            with (self.folder / f"{service}.log").open("ab") as log:
                self.running[service] = subprocess.Popen(
                    self.command(service),
                    cwd=ROOT,
                    env=self.environment(service),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
                )

    def stop(self, *services: str) -> None:
        """As `docker compose stop` does: ask, and wait for the time the file grants."""
        for service in services:
            self.running[service].terminate()
        for service in services:
            grace = float(self.services[service]["stop_grace_period"].removesuffix("s"))
            self.running.pop(service).wait(timeout=grace)

    def kill(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while any(p.poll() is None for p in self.running.values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def run(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """One command with a service's environment, as `docker compose exec` runs it."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def healthy(self, service: str) -> bool:
        """The file's own health check, by its own time limit."""
        found = self.services[service]
        limit = float(found["healthcheck"]["timeout"].removesuffix("s"))
        asked = subprocess.Popen(
            [self.local(word) for word in check_words(found)],
            cwd=ROOT,
            env=self.environment(service),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return asked.wait(timeout=limit * 3) == 0  # this machine may be busy with other tests
        except subprocess.TimeoutExpired:
            os.killpg(asked.pid, signal.SIGKILL)
            asked.wait()
            return False

    def wait_healthy(self, *services: str) -> None:
        for service in services:
            well = until(lambda service=service: self.healthy(service), seconds=60)  # type: ignore[misc]
            assert well, f"{service}: {self.log(service)[-3000:]}"


def _as_postgres(clinic: Clinic, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
        env=clinic.environment("db") | {"LANG": "C.UTF-8", "PGHOST": f"{clinic.folder}/pg"},
        **postgres._account(),
    )


def start_database(clinic: Clinic) -> None:
    """What the image's entrypoint does with an empty volume, then the file's command."""
    bins, data = postgres.binaries(), clinic.folder / "pg" / "data"
    data.parent.mkdir(mode=0o755)
    postgres._give(data.parent)
    settings = clinic.services["db"]["environment"]
    password = Path(clinic.local(settings["POSTGRES_PASSWORD_FILE"])).read_text()
    word_file = clinic.folder / "pg-password"
    word_file.write_text(password)
    word_file.chmod(0o644)
    _as_postgres(
        clinic, str(bins / "initdb"), "-D", str(data), "-U", "postgres", "--no-sync",
        "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={word_file}",
        *settings["POSTGRES_INITDB_ARGS"].split(),
    )  # fmt: skip
    word_file.unlink()
    command = [
        str(bins / "postgres"), *words(clinic.services["db"]["command"])[1:], "-D", str(data),
        "-k", str(data.parent), "-p", str(clinic.ports["db"]), "-c", "listen_addresses=127.0.0.1",
        "-c", "fsync=off",
    ]  # fmt: skip
    with (clinic.folder / "db.log").open("ab") as log:
        clinic.running["db"] = subprocess.Popen(
            command, cwd="/", env=clinic.environment("db"), stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGINT), **postgres._account(),  # noqa: PLW1509
        )  # fmt: skip
    role = (ROOT / "docker" / "create-app-role.sh").read_text()
    assert until(lambda: _answers(clinic)), clinic.log("db")
    done = subprocess.run(
        ["bash", "-c", clinic.local(role)],
        env=clinic.environment("db")
        | {"POSTGRES_USER": "postgres", "PGHOST": f"{clinic.folder}/pg"}
        | {"PGPORT": str(clinic.ports["db"])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _answers(clinic: Clinic) -> bool:
    port = str(clinic.ports["db"])
    check = [str(postgres.binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", port]
    return subprocess.call(check) == 0


def make_secrets(clinic: Clinic) -> None:
    """The clinic's own script; then the two addresses, and mail, point here."""
    script = str(ROOT / "docker" / "make-secrets.sh")
    subprocess.run(["sh", script], cwd=clinic.folder, check=True, capture_output=True)
    for name in ("database_url", "redis_url"):
        path = clinic.folder / "secrets" / name
        path.chmod(0o600)
        path.write_text(clinic.local(path.read_text()))
    # With the line end that `echo` leaves, as the README tells people to write it.
    (clinic.folder / "secrets" / "email_url").write_text(f"smtp://127.0.0.1:{clinic.smtp.port}\n")


def build(clinic: Clinic) -> "subprocess.Popen[bytes]":
    """The image's static files, by the Dockerfile's own line."""
    dockerfile = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    (line,) = re.findall(r"^RUN (.*collectstatic.*)$", dockerfile, re.MULTILINE)
    env = {"PATH": clinic.environment("web")["PATH"], "STATIC_ROOT": f"{clinic.folder}/static"}
    return subprocess.Popen(["/bin/sh", "-c", line], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)


@contextmanager
def clinic(caddy: str) -> Iterator[Clinic]:
    """Everything but beat, started in the file's order and healthy by its own checks."""
    names = ("web", "sockets", "http", "https", "admin", "db", "redis")
    with ExitStack() as stack:
        folder = stack.enter_context(state_folder())
        smtp = stack.enter_context(SmtpStub())
        it = Clinic(folder, caddy, smtp, {name: free_port() for name in names})
        stack.callback(it.kill)
        for name in ("tmp", "redis", "bin", "caddy"):
            (folder / name).mkdir()
        (folder / "bin" / "redis-server").symlink_to(valkey._binary())
        make_secrets(it)
        static = build(it)
        start_database(it)
        it.start("redis")
        it.wait_healthy("db", "redis")
        migrated = it.run("migrate", *it.command("migrate"))
        assert migrated.returncode == 0, migrated.stderr
        assert static.wait(timeout=60) == 0
        it.start("web", "sockets", "worker")
        it.wait_healthy("web", "sockets", "worker")
        if caddy:
            it.start("proxy")
            it.wait_healthy("proxy")
            assert until(it.speaks_tls, seconds=30), it.log("proxy")
        yield it
