"""Every failure is a clear sentence with the right status, and gives nothing away."""

import threading
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.http import Http404
from django.test import Client
from redis.exceptions import ConnectionError as RedisConnectionError

from core import errors

pytestmark = [pytest.mark.urls("tests.core.urls"), pytest.mark.django_db]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("not-visible", 404),
        ("refused", 403),
        ("stale", 409),
        ("too-many", 429),
        ("database", 503),
        ("interface", 503),
        ("redis", 503),
        ("bug", 500),
    ],
)
def test_a_page_that_fails(client: Client, name: str, status: int) -> None:
    client.raise_request_exception = False
    response = client.get(f"/fail/{name}/")
    page = response.content.decode()
    assert response.status_code == status
    assert "secret" not in page
    assert "maria" not in page
    assert response["Cache-Control"] == "no-store"
    assert ("Retry-After" in response) is (status == 503)


def test_away_says_one_moment_and_when_to_come_back(client: Client) -> None:
    response = client.get("/fail/database/")
    assert "One moment" in response.content.decode()
    assert int(response["Retry-After"]) <= 10
    asks_again = 'data-retry-after="5"'
    assert asks_again in response.content.decode()
    assert asks_again not in client.post("/fail/database/").content.decode()


def test_a_strangers_page_and_a_page_that_never_was_look_the_same(client: Client) -> None:
    hidden, missing = client.get("/fail/not-visible/"), client.get("/no/such/page/")
    assert hidden.status_code == missing.status_code == 404

    def without_ids(response: Any) -> str:
        text = response.content.decode()
        for varying in (response["X-Request-ID"][:8], "/fail/not-visible/", "/no/such/page/"):
            text = text.replace(varying, "")
        return text

    assert without_ids(hidden) == without_ids(missing)


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (errors.NotVisible(), "not_found"),
        (errors.Stale("Someone was faster."), "stale"),
        (Http404("x"), "not_found"),
        (OperationalError("host=10.0.0.1"), "one_moment"),
        (InterfaceError(), "one_moment"),
        (RedisConnectionError(), "one_moment"),
        (KeyError("secret"), "broken"),
    ],
)
def test_a_socket_gets_the_same_as_a_coded_error(exc: Exception, code: str) -> None:
    payload = errors.as_payload(exc)
    assert (payload["type"], payload["code"]) == ("error", code)
    assert payload["message"]
    assert "secret" not in payload["message"]
    assert "10.0.0.1" not in payload["message"]


def test_a_request_has_an_id_and_keeps_the_proxys_only_if_it_looks_like_one(client: Client) -> None:
    assert len(client.get("/")["X-Request-ID"]) == 36
    assert (
        client.get("/", headers={"X-Request-ID": "abcdef-12345"})["X-Request-ID"] == "abcdef-12345"
    )
    forged = client.get("/", headers={"X-Request-ID": 'x" onload="alert(1)'})["X-Request-ID"]
    assert len(forged) == 36


def test_the_readers_clock_is_set_for_the_page_and_only_for_it(client: Client, maria: Any) -> None:
    maria.time_zone = "Asia/Kolkata"
    maria.save()
    assert client.get("/").content == b"UTC"
    client.force_login(maria)
    assert client.get("/").content == b"Asia/Kolkata"
    client.logout()
    assert client.get("/").content == b"UTC"


def test_a_zone_that_no_longer_exists_does_not_break_the_page(client: Client, maria: Any) -> None:
    maria.time_zone = "Atlantis/Capital"
    maria.save()
    client.force_login(maria)
    assert client.get("/").content == b"UTC"


@pytest.mark.django_db(transaction=True)
def test_postgres_gone_in_mid_page_is_one_moment_and_the_next_page_is_fine() -> None:
    """A persistent connection (as under gunicorn) that the server cuts while a page is made."""
    from tests.core.conftest import person  # noqa: PLC0415

    maria = person("maria")
    client = Client(raise_request_exception=False)
    client.force_login(maria)
    answers: list[Any] = []

    def read_over_a_restart() -> None:
        connection.settings_dict["CONN_MAX_AGE"] = 600
        cut(connection)
        answers.append(client.get("/inbox/"))
        close_old_connections()  # a server does this between requests, Django's test client not
        answers.append(client.get("/"))
        connection.settings_dict["CONN_MAX_AGE"] = 0
        connection.close()

    thread = threading.Thread(target=read_over_a_restart)
    thread.start()
    thread.join()
    away, fine = answers
    assert (away.status_code, fine.status_code) == (503, 200)
    assert "Retry-After" in away
    assert "One moment" in away.content.decode()


def cut(victim: Any) -> None:
    """What a restart of the server does to one open connection."""
    with victim.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = victim.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
