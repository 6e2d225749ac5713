"""On a shared tablet the next person finds nothing behind the back button."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_no_browser_keeps_a_page_of_somebody_who_is_signed_in(
    cast: Cast, as_user: Callable[..., Client]
) -> None:
    child = cast.sam_child.pk
    pages = {
        cast.maria: [
            "/",
            "/profile/",
            f"/children/{child}/",
            f"/children/{child}/card/",
            "/inbox/",
        ],
        cast.sam: ["/", "/assent/", "/accounts/password/change/"],
        cast.amara: ["/", "/caseload/", "/sessions/notes/", "/hours/"],
        cast.pat: ["/", "/staff/", "/staff/invite/"],
    }
    for person, paths in pages.items():
        client = as_user(person)
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "no-store" in answer.headers["Cache-Control"], path


def test_what_is_the_same_for_everybody_may_be_kept(client: Client) -> None:
    answer = client.get("/static/css/tokens.css")
    answer.close()
    assert "no-store" not in answer.headers["Cache-Control"]
