"""A child is nobody's guardian here, never has an address, and only who consents sets its words."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import actions
from accounts.access import Verb, can
from accounts.models import Child, GuardianLink, Relation, Scope
from core.errors import NotVisible
from tests.cast import PASSPHRASE, Cast, birthday, sign

pytestmark = pytest.mark.django_db
ADDING = {
    "chosen_name": "Kit",
    "birth_date": "2016-01-01",
    "relation": "parent",
    "place": "GB",
    "time_zone": "Europe/London",
    "username": "kitten42",
    "passphrase": PASSPHRASE,
}


def test_a_child_cannot_add_a_child(cast: Cast, as_user: Callable[..., Client]) -> None:
    client = as_user(cast.sam)
    before = Child.objects.count()
    assert client.get("/children/add/").status_code == 404
    assert client.post("/children/add/", ADDING).status_code == 404
    with pytest.raises(NotVisible):
        actions.add_child(
            actor=cast.sam,
            chosen_name="Kit",
            birth_date=birthday(9),
            place="GB",
            time_zone="Europe/London",
            relation=Relation.PARENT,
            username="kitten43",
            passphrase=PASSPHRASE,
        )
    assert Child.objects.count() == before
    assert as_user(cast.maria).post("/children/add/", ADDING).status_code == 302


def test_a_child_cannot_be_made_a_guardian(cast: Cast) -> None:
    with pytest.raises(NotVisible):
        actions.link_guardian(
            actor=cast.maria, child=cast.sam_child, guardian=cast.timo, relation=Relation.PARENT
        )
    assert not GuardianLink.objects.filter(guardian=cast.timo).exists()


def test_a_child_cannot_give_itself_an_address(cast: Cast, as_user: Callable[..., Client]) -> None:
    client = as_user(cast.sam)
    assert client.get("/accounts/email/").status_code == 404
    new = {"email": "sam@example.org", "action_add": ""}
    assert client.post("/accounts/email/", new).status_code == 404
    assert not cast.sam.emailaddress_set.exists()  # type: ignore[attr-defined]
    assert as_user(cast.maria).get("/accounts/email/").status_code == 200


def test_a_guardian_who_may_not_consent_cannot_become_the_child_by_a_new_passphrase(
    cast: Cast, as_user: Callable[..., Client]
) -> None:
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=[Scope.SUMMARIES, Scope.JOIN])
    client = as_user(cast.dad)
    page = f"/children/{cast.sam_child.pk}/passphrase/"
    assert client.post(page, {"passphrase": "a-new-one-of-dads"}).status_code == 404
    assert client.get(f"/children/{cast.sam_child.pk}/card/").status_code == 404
    assert page not in client.get(f"/children/{cast.sam_child.pk}/").text
    cast.sam.refresh_from_db()
    assert cast.sam.check_password(PASSPHRASE)
    assert can(cast.maria, Verb.MANAGE_SIGN_IN, cast.sam_child)


def test_behind_a_proxy_the_signature_keeps_the_signers_network_not_the_proxys(
    cast: Cast, as_user: Callable[..., Client], settings: object
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1  # type: ignore[attr-defined]
    client = as_user(cast.maria)
    page = f"/children/{cast.sam_child.pk}/consent/"
    questions = client.get(page).context["form"].document.comprehension
    answers = {f"question_{n}": q["right"] for n, q in enumerate(questions)}
    done = client.post(
        page,
        answers | {"typed_name": "Maria Example"},
        # The first one is what a liar would send; the proxy adds what it saw.
        headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7"},
        REMOTE_ADDR="10.0.0.2",
    )
    assert done.status_code == 302
    assert cast.sam_child.consent_signatures.get().ip_truncated == "198.51.100.0"
    sign(cast.maria, cast.sam_child)
