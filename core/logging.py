"""Structured logs without personal data.

What a line may hold: the event, codes, ids of rows, the request id, the *pattern* of a route (a
path may carry a calendar token), timings. What it never holds: addresses, user agents, query
strings, names, texts, and the words of an exception (a database error quotes the row).
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# The id of the page, socket message or task under way; also in audit rows and error pages.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_OURS = ("core", "accounts", "records", "scheduling", "sessions_app", "telehealth")


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if current := request_id.get():
        event["request"] = current
    return event


def _where(exc: BaseException) -> list[str]:
    """Type and place of each frame; never the message, the source line or a value."""
    frames = traceback.extract_tb(exc.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]


def _wordless_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    exc = info if isinstance(info, BaseException) else info[1] if info else None
    if exc is not None:
        event["exception"] = type(exc).__qualname__
        event["at"] = _where(exc)
        if exc.__cause__ is not None:
            event["cause"] = type(exc.__cause__).__qualname__
    return event


class NoPersonalData(logging.Filter):
    """Rewrites lines of libraries that would quote a path, a host or an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(("django.request", "django.security", "django.channels")):
            status = getattr(record, "status_code", "")
            record.msg, record.args = f"{record.name} {status}".strip(), ()
        if record.name == "celery.app.trace" and isinstance(record.args, Mapping):
            # its own line ends with the exception's words
            record.msg, record.args = f"task {record.args.get('name')} failed", ()
        return True


def _says_no_address(record: logging.LogRecord) -> bool:
    """uvicorn announces each socket with its address and path, access log or not."""
    return '"WebSocket' not in str(record.msg)


def _processors() -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _add_request_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def configure(level: str = "INFO", json: bool = True) -> None:  # noqa: FBT001, FBT002 (contract)
    """Send everything to stderr: JSON lines, or readable ones for a person at a terminal.

    JSON lines are for production and leave out the words of exceptions; readable ones keep them.
    """
    shared = _processors()
    last: list[Processor] = (
        [_wordless_exception, structlog.processors.JSONRenderer()]
        if json
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # the other one prints the values of variables: a child's words among them
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(NoPersonalData())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn.error").addFilter(_says_no_address)
    # Servers load us after they gave these handlers of their own, which print a traceback's words.
    for name in ("uvicorn", "uvicorn.error", "gunicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in ("django.server", "uvicorn.access", "gunicorn.access"):
        logging.getLogger(name).disabled = True  # these lines are addresses and query strings
