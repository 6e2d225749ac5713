"""Signing in and up: nobody learns who is here, guesses for long, or shuts others out."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zeal
from django.core.cache import cache
from django.test import Client

from accounts.adapter import tried_name
from accounts.models import User
from tests.cast import PASSPHRASE, Cast

# Signing in looks the person up by name, and again by the new session.
TWICE = [{"model": "accounts.User", "field": "get()"}]
pytestmark = pytest.mark.django_db
SIGN_UP = {"display_name": "Anna", "password1": "kind-lamp-river-42", "time_zone": "Europe/London"}


@pytest.fixture
def limits(settings: Any) -> Iterator[None]:
    settings.ACCOUNT_RATE_LIMITS = {
        "login_failed": "1000/m/ip,3/5m/key",
        "login_failed_anywhere": "5/d/key",
    }
    settings.ALLOWED_HOSTS = ["testserver"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    with zeal.zeal_ignore(TWICE):
        yield


def guess(name: str, words: str, *, ip: str = "198.51.100.7", host: str = "testserver") -> bool:
    """One try at the child's door; True if it opened."""
    client = Client(REMOTE_ADDR=ip)
    answer = client.post("/sign-in/child/", {"login": name, "password": words}, HTTP_HOST=host)
    return answer.status_code == 302


def test_signing_up_with_a_known_address_looks_the_same_as_with_a_new_one(
    cast: Cast, mailoutbox: list[Any]
) -> None:
    seen = []
    for address in (cast.maria.email, "anna@example.org"):
        client = Client()
        answer = client.post("/accounts/signup/", SIGN_UP | {"email": address})
        page = client.get(answer.headers["Location"]).text.replace(address, "")
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
        seen.append((answer.status_code, answer.headers["Location"], page))
    assert seen[0] == seen[1]
    assert User.objects.filter(email=cast.maria.email).count() == 1
    assert [mail.to for mail in mailoutbox] == [[cast.maria.email], ["anna@example.org"]]


def test_a_known_address_takes_as_many_hashes_as_an_unknown_one(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    known = User.check_password, User.set_password

    def check(user: User, words: str) -> bool:
        hashed.append("check")
        return known[0](user, words)

    def mitigate(user: User, words: str | None) -> None:
        hashed.append("mitigate")
        known[1](user, words)

    monkeypatch.setattr(User, "check_password", check)
    monkeypatch.setattr(User, "set_password", mitigate)
    for name in (cast.maria.email, "nobody@example.org", cast.maria.username, "nobody"):
        hashed.clear()
        Client().post("/accounts/login/", {"login": name, "password": "not-hers-at-all"})
        assert len(hashed) == 1, name


@pytest.mark.usefixtures("limits")
def test_another_host_or_spelling_gives_no_further_guesses(cast: Cast) -> None:
    assert cast.sam.username == "sam"
    for _ in range(3):
        assert not guess("sam", "wrong-wrong-1")
    for name, host in (
        ("sam", "testserver:4711"),
        ("SAM", "TESTSERVER"),
        ("\u017fam", "testserver"),
    ):
        assert not guess(name, PASSPHRASE, host=host), (name, host)


@pytest.mark.usefixtures("limits")
def test_a_stranger_elsewhere_does_not_shut_a_child_out(cast: Cast) -> None:
    for _ in range(4):
        assert not guess(cast.sam.username, "wrong-wrong-1", ip="203.0.113.9")
    assert guess(cast.sam.username, PASSPHRASE), "the child is at home"


@pytest.mark.usefixtures("limits")
def test_many_networks_together_are_stopped_all_the_same(cast: Cast) -> None:
    for n in range(5):
        assert not guess(cast.sam.username, "wrong-wrong-1", ip=f"203.0.113.{n}")
    assert not guess(cast.sam.username, PASSPHRASE, ip="203.0.113.77")


@pytest.mark.usefixtures("limits")
def test_signing_in_rightly_uses_up_nothing(cast: Cast) -> None:
    for _ in range(8):
        assert guess(cast.sam.username, PASSPHRASE)


def test_the_address_counts_before_the_name() -> None:
    assert tried_name({"email": "a@b.c", "username": "x"}) == "A@B.C"
    assert tried_name({"username": " \u017fam "}) == "SAM"


def test_a_page_behind_the_sign_in_leads_only_to_our_own_pages(
    cast: Cast, as_user: Callable[..., Client]
) -> None:
    for target in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "https:evil.example",
    ):
        form = {"login": cast.maria.email, "password": PASSPHRASE, "next": target}
        assert Client().post("/accounts/login/", form).headers["Location"] == "/"
        out = as_user(cast.maria).post("/accounts/logout/", {"next": target})
        assert out.headers["Location"] == "/"
