"""Fixtures every test may use: the cast, signed-in clients, a live server with sockets."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.db import connection
from django.test import Client

from core.rls import steady
from sessions_app import pool
from tests.cast import Cast, build_cast, client_for, sign
from tests.ports import free_port
from tests.split_server import Pages, split_application

# Playwright's sync API runs an event loop in the test's thread; the ORM there is still ours alone.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


# A test looks at rows as no person does; what it opens, a page or a socket, acts for one.
LOOKING_ON = ExitStack()
LOOKING_ON.enter_context(steady("tests"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A connection that some thread of a server kept would keep the database from being dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def cast(db: None) -> Cast:
    return build_cast()


@pytest.fixture
def signed(cast: Cast) -> Cast:
    """The cast, with consent and assent for Sam."""
    sign(cast.maria, cast.sam_child)
    return cast


@pytest.fixture
def as_user() -> Callable[..., Client]:
    return client_for


@dataclass
class Live:
    """A running server for pages and sockets on one loopback port."""

    url: str
    server: uvicorn.Server


@pytest.fixture
def live(transactional_db: None, settings: Any) -> Iterator[Live]:
    pages = Pages()
    application = split_application(pages)
    port = free_port()
    origin = f"http://localhost:{port}"
    settings.PUBLIC_ORIGIN = origin
    settings.SOCKET_ORIGIN = f"ws://localhost:{port}"
    settings.CSRF_TRUSTED_ORIGINS = [origin]
    policy = settings.CONTENT_SECURITY_POLICY
    settings.CONTENT_SECURITY_POLICY = policy | {
        "DIRECTIVES": policy["DIRECTIVES"] | {"connect-src": ["'self'", settings.SOCKET_ORIGIN]}
    }
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            lifespan="off",
            # As docker-compose.yml and the demo say.
            ws_max_size=131_072,
            ws_ping_interval=5,
            ws_ping_timeout=5,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the live server did not start"
        time.sleep(0.02)
    yield Live(origin, server)
    server.should_exit = True
    thread.join(timeout=10)
    # Their connections would keep the database from being emptied, and at last from being dropped.
    pages.close()
    pool.close_connections()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path if Path(path).exists() else None,
            # Few pictures a second: four cameras in one room share two cores with other tests.
            args=[*CHROMIUM_FLAGS, "--use-fake-device-for-media-stream=fps=5"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page_for(live: Live, chromium: Any) -> Iterator[Callable[..., Any]]:
    """A fresh browser window, signed in as somebody (or nobody), with its own cookies."""
    contexts: list[Any] = []

    def open_page(user: Any = None, *, width: int = 1280, height: int = 900, **options: Any) -> Any:
        options.setdefault("permissions", ["camera", "microphone"])
        context = chromium.new_context(
            base_url=live.url, viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        if user is not None:
            cookie = client_for(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live.url}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, in whatever order the rest: two workers then end together."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
