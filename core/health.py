"""Is this process alive (/livez), and can it do its work (/readyz)?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from core import realtime
from core.models import Heartbeat
from core.notifications import selectors

WORKER = "worker"
WORKER_MAX_AGE = timedelta(seconds=60)
OUTBOX_MAX_LAG = timedelta(minutes=5)


def beat() -> None:
    """Called by the heartbeat task."""
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": timezone.now()})


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _cache() -> str:
    stamp = timezone.now().isoformat()
    cache.set("readyz", stamp, 10)
    return "" if cache.get("readyz") is not None else "does not keep values"


def _broker() -> str:
    realtime.ping_broker()
    return ""


def _worker() -> str:
    row = Heartbeat.objects.filter(name=WORKER).first()
    if row is None:
        return "never seen"
    age = timezone.now() - row.at
    return "" if age <= WORKER_MAX_AGE else f"last seen {int(age.total_seconds())} s ago"


def _outbox() -> str:
    lag = selectors.lag(timezone.now())
    return "" if lag <= OUTBOX_MAX_LAG else f"oldest due row waits {int(lag.total_seconds())} s"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "worker": _worker,
    "outbox": _outbox,
}


def _run(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as exc:  # noqa: BLE001 (the answer is "not ready", whatever broke)
        return type(exc).__name__


@never_cache
def livez(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503; names each part, no addresses and no messages."""
    results = {name: _run(check) for name, check in CHECKS.items()}
    ready = not any(results.values())
    body = {
        "status": "ok" if ready else "unavailable",
        "checks": {name: problem or "ok" for name, problem in results.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)
