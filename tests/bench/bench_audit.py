"""A trail of 1,000,000 rows, checked as `manage.py audit_verify` does.

Data: rows as pages and actions leave them (an actor, one or two roles, an action, an object, a
child, a request, up to three fields), each with the hash the trigger would give it, brought in by
COPY with the triggers off: a million commits would take an hour. The first 300 are made anew by
the trigger itself and must have the same hashes.

Measured: wall-clock seconds of the command, in a process that does nothing else. Ceiling, in the
same run: reading the very same rows through the same cursor without looking at them.
The last row is then changed, and the command must name it.
"""

import io
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.world import fresh_database, start_django

ROWS = 1_000_000
SAMPLE = 300
SECONDS = 60
COLUMNS = (
    "seq, at, actor_id, actor_name, roles, action, object_type, object_id, child_id, request_id, "
    "fields, previous_hash, hash"
)
ACTIONS = ("child.view", "note.view", "appointment.book", "consent.sign", "room.view")
ROLES = (["guardian"], ["therapist"], ["guardian", "therapist"], [])
FIELDS: tuple[list[str], ...] = ([], ["ended_at"], ["display_name", "time_zone", "theme"])
START = datetime(2026, 1, 1, tzinfo=UTC)


def contents(count: int) -> Iterator[list[Any]]:
    """What is hashed of each row, in its order (core.audit.chain)."""
    micro = int(START.timestamp()) * 1_000_000
    people = [str(uuid.UUID(int=n)) for n in range(1, 500)]
    for n in range(count):
        yield [
            n + 1,
            micro + n * 1_000_003,
            people[n % 499] if n % 11 else None,
            "" if n % 11 else "reminders",
            ROLES[n % 4],
            ACTIONS[n % 5],
            "accounts.child",
            people[n % 97],
            people[n % 97],
            str(uuid.UUID(int=n)),
            FIELDS[n % 3],
        ]


def lines(count: int) -> Iterator[str]:
    from core.audit.chain import digest  # noqa: PLC0415

    previous = bytes(32)
    for content in contents(count):
        own = digest(content, previous)
        seq, micro, actor, name, roles, *middle, fields = content
        at = (
            START + timedelta(microseconds=micro - int(START.timestamp()) * 1_000_000)
        ).isoformat()
        cells = [seq, at, actor or "\\N", name, _array(roles), *middle, _array(fields)]
        yield "\t".join([*map(str, cells), f"\\\\x{previous.hex()}", f"\\\\x{own.hex()}"]) + "\n"
        previous = own


def _array(values: list[str]) -> str:
    return "{" + ",".join(values) + "}"


class Stream(io.TextIOBase):
    """Lines as a file to read, so that a million of them never lie in memory."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source, self._rest = source, ""

    def read(self, size: int | None = -1) -> str:
        wanted = size or -1
        parts, length = [self._rest], len(self._rest)
        while length < wanted and (line := next(self._source, "")):
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        self._rest = text[wanted:]
        return text[:wanted]


def fill(count: int) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.copy_expert(f"COPY audit_auditevent ({COLUMNS}) FROM STDIN", Stream(lines(count)))
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
        cursor.execute("ANALYZE audit_auditevent")


def made_by_the_trigger() -> list[bytes]:
    """The hashes of the first rows, by the database's own trigger, on the empty trail."""
    from django.db import connection, transaction  # noqa: PLC0415

    from core.audit.models import AuditEvent  # noqa: PLC0415

    for content in contents(SAMPLE):
        _seq, micro, actor, name, roles, action, kind, pk, child, request, fields = content
        AuditEvent.objects.create(
            at=START + timedelta(microseconds=micro - int(START.timestamp()) * 1_000_000),
            actor_id=actor,
            actor_name=name,
            roles=roles,
            action=action,
            object_type=kind,
            object_id=pk,
            child_id=child,
            request_id=request,
            fields=fields,
        )
    hashes = [
        bytes(row) for row in AuditEvent.objects.order_by("seq").values_list("hash", flat=True)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE audit_auditevent")
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
    return hashes


def verified() -> float:
    from django.core.management import call_command  # noqa: PLC0415

    out, begin = io.StringIO(), time.perf_counter()
    call_command("audit_verify", stdout=out)
    took = time.perf_counter() - begin
    assert f"{ROWS} rows are sound" in out.getvalue()
    return took


def only_read() -> float:
    from core.audit import chain  # noqa: PLC0415

    begin = time.perf_counter()
    assert sum(1 for _row in chain._rows(0)) == ROWS
    return time.perf_counter() - begin


def names_a_changed_row() -> bool:
    from django.core.management import CommandError, call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_auditevent SET action = 'x' WHERE seq = %s", [ROWS])
    try:
        call_command("audit_verify", stdout=io.StringIO())
    except CommandError as exc:
        return f"seq={ROWS} " in str(exc)
    return False


def main() -> Iterable[dict[str, Any]]:
    start_django()
    from core.audit.models import AuditEvent  # noqa: PLC0415

    with fresh_database():
        sample = made_by_the_trigger()
        fill(ROWS)
        first = AuditEvent.objects.filter(seq__lte=SAMPLE).order_by("seq")
        assert [bytes(row) for row in first.values_list("hash", flat=True)] == sample
        seconds, floor = verified(), only_read()
        assert names_a_changed_row()
    yield {
        "number": "audit_verify",
        "rows": ROWS,
        "seconds": round(seconds, 1),
        "reading_alone_seconds": round(floor, 1),
        "target": f"< {SECONDS} s",
        "met": seconds < SECONDS,
    }
