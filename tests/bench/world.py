"""What benches share: a database of their own, servers as processes, processor time."""

import atexit
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from telehealth.embedded.processes import dies_with_parent
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
ACTING = ExitStack()
TICKS = os.sysconf("SC_CLK_TCK")

# The commands of docker-compose.yml, on loopback; one process of sockets: the browser or the load
# needs the other core.
PAGES = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"]
SOCKETS = ["--ws-max-size", "131072", "--lifespan", "off", "--no-access-log", "--workers", "1"]
ANSWERS = {
    "identity_confirmed": True,
    "location": "1 Bench Street",
    "place": "GB",
    "callback_number": "020 7946 0001",
    "adult_location": "at home",
    "who_can_hear": "nobody",
    "signals_agreed": True,
    "backup_plan": True,
}


def start_django() -> None:
    """Settings and apps, before anything of the product is imported."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django  # noqa: PLC0415

    django.setup()
    from core.rls import steady  # noqa: PLC0415

    ACTING.enter_context(steady("bench"))  # it makes the world it measures
    atexit.register(ACTING.close)


@contextmanager
def fresh_database() -> Iterator[dict[str, str]]:
    """A migrated database that goes away afterwards; yields the environment that names it."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415

    before = setup_databases(verbosity=0, interactive=False)
    address, question, options = os.environ["DATABASE_URL"].partition("?")
    own = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{question}{options}"
    try:
        yield {"DATABASE_URL": own}
    finally:
        teardown_databases(before, verbosity=0)


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


@contextmanager
def running(
    command: Sequence[str], port: int, *, path: str, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers `path`; its output is shown only when it does not start."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=log,
            stderr=log,
            preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
        )
        try:
            if not _answers(process, port, path):
                log.seek(0)
                tail = log.read()[-2000:].decode(errors="replace")
                raise SystemExit(f"A server of the bench did not start: {command[:4]}\n{tail}")
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answers(process: subprocess.Popen[bytes], port: int, path: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        else:
            return True
        finally:
            connection.close()
    return False


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents[int(entry.name)] = int(fields[1])
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def _stat(pid: int) -> list[str]:
    """/proc/pid/stat after the name: state, ppid, ..., utime at 11, stime at 12."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """Processor time so far of a process and its descendants."""
    rows = [fields for one in family(pid) if (fields := _stat(one))]
    return sum(int(fields[11]) + int(fields[12]) for fields in rows) / TICKS


def signed_in(user: Any) -> str:
    """The session cookie of somebody who has just signed in."""
    from tests.cast import client_for  # noqa: PLC0415

    return client_for(user).cookies["sessionid"].value


def collect_static() -> None:
    """Hashed and compressed files, as production serves them."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def clinic(database: Mapping[str, str]) -> Iterator[str]:
    """Pages and sockets in processes of their own, as in production; yields the pages' address."""
    web, sockets = free_port(), free_port()
    env = {
        **database,
        "PUBLIC_ORIGIN": f"http://localhost:{web}",
        "SOCKET_ORIGIN": f"ws://localhost:{sockets}",
    }
    pages = python("gunicorn", "telehealth.wsgi:application", "--bind", f"127.0.0.1:{web}", *PAGES)
    live = python("uvicorn", "telehealth.sockets:application", "--port", str(sockets), *SOCKETS)
    with (
        running(pages, web, path="/livez", env=env),
        running(live, sockets, path="/livez", env=env),
    ):
        yield env["PUBLIC_ORIGIN"]


def session_today(name: str) -> tuple[Any, Any, Any, Any]:
    """A therapist, a child, a guardian and their session now, ready to begin: list and consent."""
    from django.utils import timezone  # noqa: PLC0415

    from accounts import actions as accounts  # noqa: PLC0415
    from scheduling.models import Appointment, State  # noqa: PLC0415
    from sessions_app.actions.checklist import save_checklist  # noqa: PLC0415
    from tests.cast import adult, child_of, sign, therapist  # noqa: PLC0415

    guardian, who = adult(f"guardian{name}", "Maria"), therapist(f"therapist{name}", "Amara")
    child = child_of(guardian, "Sam", username=f"child{name}")
    accounts.join_care_team(actor=guardian, child=child, therapist=who)
    sign(guardian, child)
    start = timezone.now().replace(second=0, microsecond=0)
    appointment = Appointment.objects.create(
        child=child,
        therapist=who,
        booked_by=guardian,
        state=State.BOOKED,
        starts_at=start,
        ends_at=start + timedelta(minutes=50),
    )
    save_checklist(actor=who.user, appointment_id=appointment.pk, answers=ANSWERS)
    return who.user, child.user, guardian, appointment
