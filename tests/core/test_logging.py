"""A log line helps us and says nothing about a person."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.test import Client

from core import logging as core_logging


@pytest.fixture
def lines() -> Iterator[Any]:
    """Everything logged, as the JSON of production."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    core_logging.configure("INFO", json=True)
    stream = io.StringIO()
    root.handlers[0].setStream(stream)  # type: ignore[attr-defined]

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    structlog.configure(**config)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.urls("tests.core.urls")
@pytest.mark.django_db
def test_a_page_is_one_line_without_path_query_address_or_browser(lines: Any) -> None:
    client = Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.9")
    response = client.get(
        "/inbox/0b0b0b0b-0000-4000-8000-00000000beef/read/",
        {"token": "sesame"},
        headers={"User-Agent": "Sams tablet"},
    )
    client.get("/fail/database/")
    client.get("/no/such/sesame/")
    text = json.dumps(lines())
    for private in ("203.0.113.9", "sesame", "beef", "tablet", "maria@example.org"):
        assert private not in text
    (line,) = [x for x in lines() if x.get("request") == response["X-Request-ID"]][:1]
    assert line["route"] == "inbox/<uuid:message_id>/read/"
    assert line["status"] == response.status_code


def test_an_exception_keeps_its_place_and_loses_its_words(lines: Any) -> None:
    try:
        raise ValueError("(email)=(maria@example.org) exists") from KeyError("Sam")  # noqa: TRY301
    except ValueError:
        structlog.get_logger("core.test").exception("it_broke", code="x")
        logging.getLogger("somewhere.else").exception("it broke")
    ours, theirs = lines()
    for line in (ours, theirs):
        assert line["exception"] == "ValueError"
        assert line["cause"] == "KeyError"
        assert "test_logging.py" in line["at"][0]
        assert "maria" not in json.dumps(line)
        assert "Sam" not in json.dumps(line)
    assert ours["code"] == "x"


def test_a_failing_task_keeps_its_name_and_loses_its_words(lines: Any) -> None:
    facts = {"name": "core.tasks.example", "id": "x", "exc": "(email)=(maria@example.org)"}
    logging.getLogger("celery.app.trace").error("Task %(name)s raised: %(exc)s", facts)
    (line,) = lines()
    assert line["event"] == "task core.tasks.example failed"
    assert "maria" not in json.dumps(line)


@pytest.mark.parametrize("server", ["uvicorn", "uvicorn.error", "gunicorn.error"])
def test_a_server_has_no_printer_of_its_own(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger(server)
    kept = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [logging.StreamHandler()], False  # as the server starts
    try:
        core_logging.configure("INFO", json=True)
        logger.error("failed", exc_info=ValueError("(email)=(maria@example.org)"))
    finally:
        logger.handlers, logger.propagate = kept
    assert "maria" not in capsys.readouterr().err


def test_lines_of_one_request_share_its_id(lines: Any) -> None:
    token = core_logging.request_id.set("abc")
    structlog.get_logger("core.test").info("one")
    core_logging.request_id.reset(token)
    structlog.get_logger("core.test").info("two")
    one, two = lines()
    assert one["request"] == "abc"
    assert "request" not in two


def test_access_logs_of_servers_are_silent(lines: Any) -> None:
    logging.getLogger("uvicorn.access").warning('127.0.0.1 - "GET /?token=x"')
    logging.getLogger("django.server").error('"GET /?token=x"')
    assert lines() == []


def test_the_socket_server_announces_no_address_and_no_path(
    lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = logging.getLogger("uvicorn.error")
    for logger in (server, logging.getLogger("uvicorn")):  # a server that ran here set its own
        monkeypatch.setattr(logger, "propagate", True)
        monkeypatch.setattr(logger, "disabled", False)
    monkeypatch.setattr(server, "level", server.level)  # put back afterwards
    server.setLevel(logging.INFO)
    server.info('%s - "WebSocket %s" [accepted]', "203.0.113.9:4711", "/ws/sessions/1/?check=1")
    server.info("Started server process [%d]", 7)
    assert [line["event"] for line in lines()] == ["Started server process [7]"]
