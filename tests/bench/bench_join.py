"""Join: from the therapist's "admit" to the first decoded remote frame on both sides.

Ours: two real Chromium windows on the real pages and sockets (gunicorn, uvicorn, PostgreSQL,
Redis protocol), the child in the waiting room, the start list complete. Ceiling, in turn with it on
the same machine and with the same browser: bare_call.html twice, which has its camera open as well
and only waits for the same click, over a relay that passes everything on.

Both are timed by the same script in the page: from the click to the later one of the two windows'
first requestVideoFrameCallback on a video that is shown, by the machine's one clock.
"""

import os
import statistics
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from tests.bench.world import (
    clinic,
    collect_static,
    fresh_database,
    python,
    running,
    session_today,
    signed_in,
    start_django,
)
from tests.ports import free_port

ROUNDS = 7
SETTLE_MS = 2_500  # in real life minutes pass in the waiting room
WATCH = """
  const now = () => performance.timeOrigin + performance.now();
  const real = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return real.call(this, (...facts) => {
      if (this.isConnected) window.benchFrame ??= now();
      callback(...facts);
    });
  };
  addEventListener("click", () => (window.benchClick = now()), true);
"""

Pages = tuple[Any, Any]  # who clicks, who is let in


def timed(pages: Pages, button: str) -> float:
    """Milliseconds from the click to a frame of the other on both sides."""
    for page in pages:
        page.wait_for_timeout(SETTLE_MS / 2)
    # Not by the mouse: its way there belongs to the browser's driver, not to the page.
    pages[0].eval_on_selector(button, "button => button.click()")
    for page in pages:
        page.wait_for_function("() => window.benchFrame")
    first = max(page.evaluate("window.benchFrame") for page in pages)
    return float(first - pages[0].evaluate("window.benchClick"))


def bare(url: str, window: Callable[..., Any]) -> float:
    pages = (window(), window())
    for page in pages:
        page.goto(url)
        page.wait_for_selector('[data-ready="yes"]')
    return timed(pages, "button")


def ours(url: str, window: Callable[..., Any], session: tuple[str, str, str]) -> float:
    therapist, child, appointment = session
    pages = (window(url, therapist), window(url, child))
    for page, name in zip(pages, ("room", "wait"), strict=True):
        page.goto(f"{url}/sessions/{appointment}/{name}/")
        ready = '[data-room][data-socket-state="open"][data-microphone="on"]'
        page.wait_for_selector(ready, state="attached")
    admit = '[data-act="admit"]'
    pages[0].wait_for_selector(f"{admit}:not(:disabled)", state="attached")
    return timed(pages, admit)


def rounds(url: str, bare_url: str, sessions: list[tuple[str, str, str]]) -> Any:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from tests.conftest import CHROMIUM_FLAGS  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_FLAGS
        )
        opened: list[Any] = []

        def window(origin: str = "", cookie: str = "") -> Any:
            context = browser.new_context(permissions=["camera", "microphone"])
            opened.append(context)
            context.add_init_script(WATCH)
            if cookie:
                context.add_cookies([{"name": "sessionid", "value": cookie, "url": origin}])
            return context.new_page()

        def close() -> None:
            while opened:
                opened.pop().close()

        for number, session in enumerate(sessions):
            floor = bare(bare_url, window)
            close()
            mine = ours(url, window, session)
            close()
            if number:  # the first of each loads the browser's codecs
                yield mine, floor
        browser.close()


def make_sessions() -> list[tuple[str, str, str]]:
    found = []
    for number in range(ROUNDS + 1):
        therapist, child, _guardian, appointment = session_today(str(number))
        found.append((signed_in(therapist), signed_in(child), str(appointment.pk)))
    return found


def main() -> Iterable[dict[str, Any]]:
    start_django()
    collect_static()
    with fresh_database() as database, ExitStack() as stack:
        sessions = make_sessions()
        url = stack.enter_context(clinic(database))
        port = free_port()
        relay = python("uvicorn", "tests.bench.bare_call:application", "--port", str(port))
        stack.enter_context(running([*relay, "--lifespan", "off"], port, path="/", env={}))
        pairs = list(rounds(url, f"http://localhost:{port}/", sessions))
    ratio = statistics.median(mine / floor for mine, floor in pairs)
    yield {
        "number": "first frame on both sides",
        "rounds": len(pairs),
        "ours_ms": round(statistics.median(mine for mine, _ in pairs)),
        "ceiling_ms": round(statistics.median(floor for _, floor in pairs)),
        "ratio": round(ratio, 2),
        "target": "<= 1.3",
        "met": ratio <= 1.3,
    }
