"""Pages: processor time, queries, and bytes at first load.

Ours: each main page as its reader gets it, from gunicorn with production's settings, a clinic with
some children and sessions behind it. In turn with it two ceilings of the same number of bytes with
three queries each (bare_page.py says what they are and why): the target is measured against the
ordinary page, a plain template behind the same middleware without our access rules and components.
Beside it stands the least there can be, a text made once behind nothing but session and sign-in.

Processor time of the server's process, without PostgreSQL's; blocks of requests alternate, and the
ratio is the median of the blocks. Queries are those of the whole request, the session's and the
reader's own among them. Bytes are what Chromium loads with an empty cache: files as served
(compressed by WhiteNoise), the page itself by gzip as the proxy does it.
"""

import gzip
import http.client
import os
import statistics
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench.world import (
    clinic,
    collect_static,
    family,
    fresh_database,
    python,
    running,
    session_today,
    signed_in,
    start_django,
)
from tests.ports import free_port

BLOCKS, REQUESTS, WARM_UP = 5, 8, 12
MOST_RATIO, MOST_QUERIES, MOST_BYTES = 1.5, 12, 200_000
WEIGHED = ("child home", "child wait", "therapist room")


@dataclass(frozen=True)
class Page:
    name: str
    url: str
    user: Any
    cookie: str


class Server:
    """One gunicorn worker, asked over one connection for each block of requests."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.worker = port, family(pid)[-1]
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str, cookie: str) -> int:
        """Bytes of the answer, which must be the page and not a way elsewhere."""
        headers = {"Cookie": f"sessionid={cookie}", "Host": f"localhost:{self.port}"}
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"{path} answered {answer.status}")
        return len(body)

    def cpu_ms(self) -> float:
        """Processor time so far, of all threads (they live as long as the worker)."""
        tasks = Path(f"/proc/{self.worker}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6

    def block(self, path: str, cookie: str) -> float:
        """Milliseconds of processor time of one request."""
        self.connection.close()  # the server has hung up on it while the other had its turn
        before = self.cpu_ms()
        for _ in range(REQUESTS):
            self.get(path, cookie)
        return (self.cpu_ms() - before) / REQUESTS


def make_pages() -> list[Page]:
    """A therapist with six children; sessions today and in the days to come; read messages."""
    from accounts import actions as accounts  # noqa: PLC0415
    from scheduling.models import Appointment, State  # noqa: PLC0415
    from tests.cast import child_of, sign  # noqa: PLC0415

    amara, sam, maria, today = session_today("")
    who, child = amara.therapist, sam.child
    for number in range(5):
        other = child_of(maria, f"Child{number}", username=f"other{number}")
        accounts.join_care_team(actor=maria, child=other, therapist=who)
        sign(maria, other)
        for one, days in ((other, number + 1), (child, number + 8)):
            start = today.starts_at + timedelta(days=days)
            Appointment.objects.create(
                child=one,
                therapist=who,
                booked_by=maria,
                state=State.BOOKED,
                starts_at=start,
                ends_at=start + timedelta(minutes=50),
            )
    session, cookies = f"/sessions/{today.pk}", {u: signed_in(u) for u in (amara, sam, maria)}
    times = f"/book/{child.pk}/times/?therapist={who.pk}"
    rows = [
        ("child home", "/", sam),
        ("child appointments", "/appointments/", sam),
        ("child device check", f"{session}/check/", sam),
        ("child wait", f"{session}/wait/", sam),
        ("guardian home", "/", maria),
        ("guardian child", f"/children/{child.pk}/", maria),
        ("guardian booking times", times, maria),
        ("guardian appointments", "/appointments/", maria),
        ("guardian appointment", f"/appointments/{today.pk}/", maria),
        ("guardian inbox", "/inbox/", maria),
        ("therapist home", "/", amara),
        ("therapist caseload", "/caseload/", amara),
        ("therapist appointments", "/appointments/", amara),
        ("therapist hours", "/hours/", amara),
        ("therapist room", f"{session}/room/", amara),
    ]
    return [Page(name, url, user, cookies[user]) for name, url, user in rows]


def measure(page: Page, ours: Server, bare: Server, least: Server) -> dict[str, Any]:
    for server in (ours, bare, least):
        server.connection.close()
    size = ours.get(page.url, page.cookie)
    turns = ((ours, page.url), (bare, f"/{size}/"), (least, f"/text/{size}/"))
    for _ in range(WARM_UP):
        _, bare_size, _ = [server.get(path, page.cookie) for server, path in turns]
    blocks = [[server.block(path, page.cookie) for server, path in turns] for _ in range(BLOCKS)]
    mine, plain, text = (statistics.median(turn) for turn in zip(*blocks, strict=True))
    ratio = statistics.median(block[0] / block[1] for block in blocks)
    queries = count_queries(page)
    return {
        "number": page.name,
        "bytes": size,
        "ceiling_bytes": bare_size,
        "ours_cpu_ms": round(mine, 2),
        "ceiling_cpu_ms": round(plain, 2),
        "ratio": round(ratio, 2),
        "text_cpu_ms": round(text, 2),
        "ratio_to_text": round(mine / text, 2),
        "queries": queries,
        "target": f"ratio <= {MOST_RATIO}, queries <= {MOST_QUERIES}",
        "met": ratio <= MOST_RATIO and queries <= MOST_QUERIES,
    }


def count_queries(page: Page) -> int:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from tests.cast import client_for  # noqa: PLC0415
    from tests.queries import asked  # noqa: PLC0415

    client = client_for(page.user)
    with CaptureQueriesContext(connection) as queries:
        client.get(page.url)
    return len(asked(queries))


def weigh(origin: str, pages: list[Page]) -> Iterable[dict[str, Any]]:
    """Bytes at first load, by a browser that has seen nothing yet."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from tests.conftest import CHROMIUM_FLAGS  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_FLAGS
        )
        for page in (one for one in pages if one.name in WEIGHED):
            context = browser.new_context(permissions=["camera", "microphone"])
            context.add_cookies([{"name": "sessionid", "value": page.cookie, "url": origin}])
            window = context.new_page()
            answers: list[Any] = []
            window.on("response", lambda answer, kept=answers: kept.append(answer))
            window.goto(origin + page.url, wait_until="networkidle")
            sizes = [_loaded(answer, origin + page.url) for answer in answers]
            context.close()
            yield {
                "number": f"first load of {page.name}",
                "files": len(sizes),
                "bytes": sum(sizes),
                "target": f"<= {MOST_BYTES}",
                "met": sum(sizes) <= MOST_BYTES,
            }
        browser.close()


def _loaded(answer: Any, page_url: str) -> int:
    if answer.url == page_url:
        return len(gzip.compress(answer.body(), 6))
    return int(answer.request.sizes()["responseBodySize"])


def main() -> Iterable[dict[str, Any]]:
    start_django()
    collect_static()
    with fresh_database() as database:
        pages = make_pages()
        with ExitStack() as stack:
            servers = []
            for name, middleware in (
                ("telehealth.wsgi", ""),
                ("tests.bench.bare_page", ""),
                ("tests.bench.bare_page", "least"),
            ):
                port = free_port()
                command = python(
                    "gunicorn", f"{name}:application", "--bind", f"127.0.0.1:{port}",
                    "--worker-class", "gthread", "--workers", "1", "--threads", "8",
                    "--no-control-socket",
                )  # fmt: skip
                env = database | {"BARE_MIDDLEWARE": middleware}
                process = stack.enter_context(running(command, port, path="/livez", env=env))
                servers.append(Server(port, process.pid))
            for page in pages:
                yield measure(page, *servers)
        with clinic(database) as origin:
            yield from weigh(origin, pages)
