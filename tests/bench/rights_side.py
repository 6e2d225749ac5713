"""One side of bench_rights: `python -m tests.bench.rights_side on|off`, pages as JSON on stdin."""

import json
import sys
import time
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.bench.world import start_django

WARM_UP, REQUESTS = 8, 40


def switch_off() -> None:
    """Before any query is written. The policies stay; the system passes all of them."""
    from django.db.models import Q  # noqa: PLC0415

    from accounts import access  # noqa: PLC0415
    from accounts.actions import reads  # noqa: PLC0415
    from core import middleware  # noqa: PLC0415

    class Everybody:
        name = "everybody"

        def children(self, _person: UUID, _now: datetime) -> Q:
            return Q(birth_date__isnull=False)

    for verb in access.ALLOWED:
        access.ALLOWED[verb] = (Everybody(),)  # type: ignore[assignment]
    middleware.acting_as = lambda _who: nullcontext()  # type: ignore[assignment,return-value]
    reads.record_reads = lambda **_facts: None  # type: ignore[assignment]


def backend_ms() -> float:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def milliseconds(client: Any, url: str) -> float:
    for _ in range(WARM_UP):
        answer = client.get(url)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}")
    before = time.process_time() * 1000 + backend_ms()
    for _ in range(REQUESTS):
        client.get(url)
    return (time.process_time() * 1000 + backend_ms() - before) / REQUESTS


def main(switch: str) -> None:
    start_django()
    from django.test import Client  # noqa: PLC0415

    pages = json.load(sys.stdin)
    if switch == "off":
        switch_off()
    found = {}
    for page in pages:
        client = Client(SERVER_NAME="localhost")
        client.cookies["sessionid"] = page["cookie"]
        found[page["name"]] = milliseconds(client, page["url"])
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
