"""Function middlewares: the request's id, nothing kept, the person's clock, errors in words."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import has_vary_header

from core import logging as core_logging
from core.errors import CONNECTION_ERRORS, DomainError
from core.pages import error_response
from core.rls import acting_as

GetResponse = Callable[[HttpRequest], HttpResponseBase]
_OK_ID = re.compile(r"[A-Za-z0-9-]{8,36}")
_ERROR = 500

logger = structlog.get_logger("core.web")


def request_id(get_response: GetResponse) -> GetResponse:
    """Give every request an id (a proxy's X-Request-ID if it looks like one) and log one line."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-ID", "")
        current = offered if _OK_ID.fullmatch(offered) else str(uuid.uuid4())
        token = core_logging.request_id.set(current)
        started = time.perf_counter()
        try:
            response = get_response(request)
            response["X-Request-ID"] = current
            match = request.resolver_match
            logger.info(
                "answered",
                method=request.method,
                route=match.route if match else "",  # the pattern: a path may carry a token
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000),
            )
            return response
        finally:
            core_logging.request_id.reset(token)

    return middleware


def private_pages(get_response: GetResponse) -> GetResponse:
    """What depends on who is signed in is kept by no browser: tablets are shared at home.

    Outside the session's middleware, which says so by "Vary: Cookie".
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if has_vary_header(response, "Cookie") and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response

    return middleware


def person_time_zone(get_response: GetResponse) -> GetResponse:
    """Show times on the reader's own clock. Needs a User with `time_zone`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            name = getattr(request.user, "time_zone", "")
            zone = ZoneInfo(name) if name else None
        except CONNECTION_ERRORS as exc:
            return error_response(request, exc)
        except (ZoneInfoNotFoundError, ValueError):
            zone = None
        if zone is None:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware


def row_security(get_response: GetResponse) -> GetResponse:
    """A page is one transaction in which Postgres knows whose it is (core.rls).

    Nobody signed in: no setting, and so no private row.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return get_response(request)
        try:
            with acting_as(request.user.pk):
                return get_response(request)
        except CONNECTION_ERRORS as exc:  # at its beginning or its commit
            return error_response(request, exc)

    return middleware


def error_mapping(get_response: GetResponse) -> GetResponse:
    """A DomainError, or a database or Redis that is away, becomes a page with the right status."""

    def process_exception(request: HttpRequest, exc: Exception) -> HttpResponseBase | None:
        if isinstance(exc, DomainError):
            if exc.status >= _ERROR:
                logger.error("refused", code=exc.code, exc_info=exc)
            return error_response(request, exc)
        if isinstance(exc, CONNECTION_ERRORS):
            logger.error("away", error=type(exc).__name__)
            return error_response(request, exc)
        return None

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    # Django asks functions for this attribute too; the view's exception never reaches the
    # middleware itself, the handler turns it into a response before.
    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
