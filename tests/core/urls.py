"""The doors of core alone, and doors that fail on purpose."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from core import errors, health

FAILURES: dict[str, Exception] = {
    "not-visible": errors.NotVisible(),
    "refused": errors.Refused(),
    "stale": errors.Stale(),
    "too-many": errors.TooMany(),
    "database": OperationalError("server closed the connection; DETAIL: maria@example.org"),
    "interface": InterfaceError("connection already closed"),
    "redis": RedisConnectionError("dead"),
    "bug": RuntimeError("secret detail"),
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise FAILURES[name]


def now(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(timezone.get_current_timezone()))


urlpatterns = [
    path("", now, name="home"),
    path("fail/<str:name>/", fail),
    path("sign-in/", now, name="account_login"),
    path("help/now/", now, name="emergency_help"),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("", include("core.notifications.urls")),
]

handler400 = "core.pages.bad_request"
handler403 = "core.pages.forbidden"
handler404 = "core.pages.not_found"
handler500 = "core.pages.server_error"
