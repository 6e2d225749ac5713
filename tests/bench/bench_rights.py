"""What access, row-level security and the trail of looking cost a page.

The same pages in turn with all three on, and with all three switched off: every child belongs to
everybody (`accounts.access`), all rows are the system's (`core.rls`), and looking leaves no row
(`core.audit`). Each side is a process of its own, because queries are written
once per process. Processor time of the page's process and of its Postgres backend together.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from tests.bench.world import ROOT, collect_static, fresh_database, start_django

ROUNDS = 3
MOST_RATIO = 1.2
PAGES = ("child home", "guardian home", "guardian child", "guardian appointments")
THERAPISTS = ("therapist home", "therapist caseload", "therapist appointments")


def side(switch: str, pages: list[dict[str, str]], environment: dict[str, str]) -> dict[str, float]:
    """Milliseconds for each page, as `tests.bench.rights_side` measured them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rights_side", switch],
        cwd=ROOT,
        env=environment,
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> Iterable[dict[str, Any]]:
    start_django()
    collect_static()
    with fresh_database() as database:
        from tests.bench.bench_pages import make_pages  # noqa: PLC0415

        pages = [
            {"name": page.name, "url": page.url, "cookie": page.cookie}
            for page in make_pages()
            if page.name in PAGES + THERAPISTS
        ]
        environment = os.environ | database
        rounds = [
            {switch: side(switch, pages, environment) for switch in ("on", "off")}
            for _ in range(ROUNDS)
        ]
    for page in pages:
        name = page["name"]
        ratio = statistics.median(one["on"][name] / one["off"][name] for one in rounds)
        yield {
            "number": name,
            "ours_cpu_ms": round(statistics.median(one["on"][name] for one in rounds), 2),
            "ceiling_cpu_ms": round(statistics.median(one["off"][name] for one in rounds), 2),
            "ratio": round(ratio, 2),
            "target": f"<= {MOST_RATIO}",
            "met": ratio <= MOST_RATIO,
        }
