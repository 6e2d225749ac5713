"""The printed card: one sign-in, made ready again by who looks after it; links tell nothing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import DatabaseError, models, transaction
from django.test import Client

from accounts import actions
from accounts.errors import CardNotValid
from accounts.models import Child, Role, SignInCard, User
from core.audit.models import AuditEvent
from core.encryption import new_data_key
from tests.accounts.test_invitations import TYPED
from tests.accounts.test_limits import at_once
from tests.cast import PASSPHRASE, Cast, birthday, build_cast, client_for

pytestmark = pytest.mark.django_db
REFUSED = "This card does not open Lantern just now"
QUESTION = "Hello! Is this your card?"


@pytest.fixture
def limits(settings: Any) -> Iterator[None]:
    settings.ACCOUNT_RATE_LIMITS = {
        "login_failed": "1000/m/ip,3/5m/key",
        "login_failed_anywhere": "50/d/key",
        "link_refused": "4/m/ip",
    }
    cache.clear()
    yield
    cache.clear()


def tries(client: Client, token: str) -> tuple[int, str]:
    answer = client.post(f"/card/{token}/")
    return answer.status_code, str(answer.get("Location", ""))


def who(client: Client) -> str:
    return str(client.session.get("_auth_user_id", ""))


def page(cast: Cast) -> str:
    return f"/children/{cast.sam_child.pk}/scan-card/"


def test_a_card_signs_in_once_and_then_when_it_is_made_ready(cast: Cast) -> None:
    maria = client_for(cast.maria)
    assert "There is none" in maria.get(page(cast)).text
    made = maria.post(page(cast) + "make/")
    assert "data:image/svg+xml;base64," in made.text
    assert "no-store" in made["Cache-Control"]
    _card, token = actions.make_card(actor=cast.maria, child=cast.sam_child)
    assert SignInCard.objects.filter(ended_at=None).count() == 1, "the first one ended"
    assert token not in str(list(SignInCard.objects.values_list("token_hash")))
    tablet = Client()
    for _ in range(3):  # telephones look at an address before anybody presses anything
        looked = tablet.get(f"/card/{token}/")
        assert looked.status_code == 200
        assert QUESTION in looked.text
        assert "Sam" not in looked.text
        assert looked["Referrer-Policy"] == "no-referrer"
    assert tries(tablet, token) == (302, "/")
    assert who(tablet) == str(cast.sam.pk)
    assert tablet.get("/assent/").status_code == 200
    assert tries(Client(), token)[0] == 410, "spent"
    assert "Used" in maria.get(page(cast)).text
    assert maria.post(page(cast) + "ready/").status_code == 302
    assert tries(Client(), token)[0] == 302, "the same paper"
    maria.post(page(cast) + "ready/")
    maria.post(page(cast) + "end/")
    assert tries(Client(), token)[0] == 410, "ended"
    assert maria.post(page(cast) + "ready/").status_code == 404
    seen = AuditEvent.objects.filter(child_id=cast.sam_child.pk, action__startswith="card.")
    assert {row.action for row in seen} == {
        "card.make", "card.use", "card.arm", "card.end", "card.refused",
    }  # fmt: skip


def test_it_opens_nothing_else_and_leaves_nobody_below(cast: Cast) -> None:
    _card, token = actions.make_card(actor=cast.amara, child=cast.sam_child)
    phone = client_for(cast.maria)
    assert "Maria is signed in here now" in phone.get(f"/card/{token}/").text
    tries(phone, token)
    assert who(phone) == str(cast.sam.pk)
    for path in ("make/", "ready/", "end/"):
        assert phone.post(page(cast) + path).status_code == 404
    assert phone.get(f"/children/{cast.sam_child.pk}/passphrase/").status_code == 404
    assert User.objects.get(pk=cast.sam.pk).check_password(PASSPHRASE), "it changes no secret"
    for other in (cast.dad, cast.olga, cast.ben, cast.mo, cast.pat, cast.sam):
        assert client_for(other).get(page(cast)).status_code == 404
        assert client_for(other).post(page(cast) + "make/").status_code == 404


@pytest.mark.usefixtures("limits")
def test_spent_ended_made_up_and_damaged_cards_are_one_sentence_and_a_row(cast: Cast) -> None:
    _card, token = actions.make_card(actor=cast.maria, child=cast.sam_child)
    tries(Client(), token)
    pages = set()
    for bad in (token, token[:-1] + "!", "made-up"):
        for answer in (Client().get(f"/card/{bad}/"), client_for(cast.olga).post(f"/card/{bad}/")):
            assert answer.status_code == 410
            assert REFUSED in answer.text
            assert "Sam" not in answer.text
            main = answer.text[answer.text.index("<main") : answer.text.index("</main")]
            pages.add(re.sub(r'<span class="numbers">[^<]*</span>', "", main).replace(bad, ""))
            cache.clear()
    assert len(pages) <= 2, "a page to read and one to press; nothing tells the cards apart"
    rows = AuditEvent.objects.filter(action="card.refused")
    assert rows.count() == 6
    assert rows.filter(child_id=cast.sam_child.pk).count() == 2
    assert set(rows.values_list("actor_name", flat=True)) == {"visitor", ""}
    for n in range(6):
        status = Client().get(f"/card/guess-{n}/").status_code
        assert status == (410 if n < 4 else 429)
    assert rows.count() == 10, "a flood fills no trail"


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_sign_in_once() -> None:
    cast = build_cast()
    _card, token = actions.make_card(actor=cast.maria, child=cast.sam_child)
    results = at_once(*[lambda: actions.use_card(token=token)] * 3)
    assert sum(isinstance(one, Child) for one in results) == 1
    assert sum(isinstance(one, CardNotValid) for one in results) == 2
    made = at_once(*[lambda: actions.make_card(actor=cast.maria, child=cast.sam_child)] * 3)
    assert all(isinstance(one, tuple) for one in made), made
    assert SignInCard.objects.filter(ended_at=None).count() == 1


@pytest.mark.usefixtures("limits")
def test_a_locked_out_child_is_let_in_by_who_looks_after_it(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    def enters(words: str = PASSPHRASE) -> bool:
        form = {"login": "sam", "password": words}
        return Client().post("/sign-in/child/", form).status_code == 302

    unlock = f"/children/{cast.sam_child.pk}/unlock/"
    for _ in range(3):
        assert not enters("wrong-wrong-1")
    assert not enters(), "locked"
    page_of = client_for(cast.amara).get(f"/children/{cast.sam_child.pk}/")
    assert "Paused: too many wrong tries" in page_of.text
    for other in (cast.dad, cast.olga, cast.ben, cast.pat, cast.sam):
        assert client_for(other).post(unlock).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert client_for(cast.amara).post(unlock).status_code == 302
    assert "Paused" not in client_for(cast.maria).get(f"/children/{cast.sam_child.pk}/").text
    assert enters()
    for _ in range(3):
        assert not enters("wrong-wrong-2")
    assert not enters(), "it locks again all the same"
    with django_capture_on_commit_callbacks(execute=True):
        actions.set_child_passphrase(
            actor=cast.maria, child=cast.sam_child, passphrase="new-words-for-sam-1"
        )
    assert enters("new-words-for-sam-1"), "new words unlock too"
    assert AuditEvent.objects.filter(action="child.unlock").count() == 1


def test_bad_invitations_are_one_sentence_and_a_row_each(cast: Cast) -> None:
    row, token = actions.invite_staff(actor=cast.pat, email="new@example.org", role=Role.MODERATOR)
    _here, taken = actions.invite_staff(actor=cast.pat, email=cast.olga.email, role=Role.MODERATOR)
    assert Client().post(f"/invitation/{token}/", TYPED).status_code == 302
    for bad in (token, token[1:], "made-up"):
        for answer in (Client().get(f"/invitation/{bad}/"), Client().post(f"/invitation/{bad}/")):
            assert answer.status_code == 410
            assert "This invitation does not work any more" in answer.text
    mine = Client().post(f"/invitation/{taken}/", TYPED)
    assert "This invitation does not work any more" in mine.text, "no hint who has an account"
    rows = AuditEvent.objects.filter(action="invitation.refused")
    assert rows.count() == 7
    assert rows.filter(object_id=str(row.pk)).count() == 2
    assert User.objects.filter(email="new@example.org").count() == 1


@pytest.mark.usefixtures("limits")
def test_behind_a_proxy_each_visitor_counts_for_themselves(cast: Cast, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def enters(words: str, seen_as: str, *, lie: str = "") -> bool:
        answer = Client(REMOTE_ADDR="10.0.0.2").post(
            "/sign-in/child/",
            {"login": "sam", "password": words},
            headers={"X-Forwarded-For": f"{lie}{seen_as}"},
        )
        return answer.status_code == 302

    for n in range(4):
        assert not enters("wrong-wrong-1", "203.0.113.9", lie=f"198.51.{n}.1, ")
    assert not enters(PASSPHRASE, "203.0.113.9", lie="192.0.2.77, "), "a lie changes nothing"
    assert enters(PASSPHRASE, "198.51.100.7"), "the family at home is not behind the same wall"
    row = cast.sam.usersession_set.get()  # type: ignore[attr-defined]
    assert row.ip == "198.51.100.7"


def test_a_child_has_no_address_whoever_writes_the_row(cast: Cast) -> None:
    """So it shares none with a guardian, at any age: there is nothing to flag at 12."""

    def refused(write: Any) -> None:
        with (
            pytest.raises(DatabaseError, match="a child has no e-mail address"),
            transaction.atomic(),
        ):
            write()

    refused(lambda: User.objects.filter(pk=cast.sam.pk).update(email=cast.maria.email.upper()))
    refused(lambda: EmailAddress.objects.create(user=cast.sam, email="sam@example.org"))
    mine = EmailAddress.objects.get(user=cast.maria)
    refused(lambda: EmailAddress.objects.filter(pk=mine.pk).update(user=cast.sam))
    refused(
        lambda: Child(
            user=cast.olga, birth_date=birthday(12), place="GB", data_key=new_data_key()
        ).save()
    )
    assert not User.objects.exclude(email="").filter(child__isnull=False).exists()
    fields = {field.name for field in User._meta.get_fields() if isinstance(field, models.Field)}
    assert not [name for name in fields if "phone" in name], "and nobody signs in by telephone"
