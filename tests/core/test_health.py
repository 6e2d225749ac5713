"""/livez says the process answers; /readyz says what is missing, and to nobody more than that."""

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from core import health
from core.models import Heartbeat
from core.notifications.models import Notification
from core.tasks import beat_heartbeat
from tests.core.outbox_cast import tell, telling

pytestmark = [pytest.mark.urls("tests.core.urls"), pytest.mark.django_db]


def ready(client: Client) -> tuple[int, dict[str, str]]:
    response = client.get("/readyz")
    return response.status_code, response.json()["checks"]


def test_all_well(client: Client) -> None:
    beat_heartbeat()
    assert ready(client) == (
        200,
        {"database": "ok", "cache": "ok", "broker": "ok", "worker": "ok", "outbox": "ok"},
    )


def test_a_worker_never_seen_or_long_silent_is_named(client: Client) -> None:
    assert ready(client)[0] == 503
    beat_heartbeat()
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=3))
    status, checks = ready(client)
    assert status == 503
    assert checks["worker"].startswith("last seen 18")
    beat_heartbeat()
    assert ready(client)[0] == 200


def test_rows_that_wait_too_long_are_named(client: Client, maria: Any) -> None:
    beat_heartbeat()
    with telling("inbox"):
        tell(maria)
    assert ready(client)[0] == 200, "just now due is not late"
    Notification.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=6))
    status, checks = ready(client)
    assert (status, checks["outbox"][:24]) == (503, "oldest due row waits 360")


def test_a_dead_redis_is_named_without_its_address(client: Client, settings: Any) -> None:
    beat_heartbeat()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    settings.CELERY_BROKER_URL = url
    settings.CACHES = {"default": {"BACKEND": "core.cache.ResilientRedisCache", "LOCATION": url}}
    status, checks = ready(client)
    assert status == 503
    assert checks["database"] == checks["worker"] == "ok"
    assert checks["cache"] == "does not keep values"
    assert checks["broker"] == "OperationalError"
    assert "127.0.0.1" not in client.get("/readyz").content.decode()


def test_a_dead_database_is_named_and_the_process_still_lives(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise OperationalError("could not connect to 10.0.0.7")

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(connection, "chunked_cursor", refuse)
    status, checks = ready(client)
    assert status == 503
    assert checks["database"] == checks["worker"] == checks["outbox"] == "OperationalError"
    assert client.get("/livez").json() == {"status": "ok"}


def test_the_answer_is_never_cached(client: Client) -> None:
    assert "no-store" in client.get("/readyz")["Cache-Control"]
    assert set(health.CHECKS) == {"database", "cache", "broker", "worker", "outbox"}
