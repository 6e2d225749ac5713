"""Coming in: a guardian with a verified address, a child with a name and a passphrase."""

import re

from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Child, User
from tests.cast import PASSPHRASE, Cast, client_for

NEW = "gentle-otter-lamp-77"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def sign_in(name: str, passphrase: str = PASSPHRASE) -> Client:
    client = Client()
    client.post(reverse("child_sign_in"), {"login": name, "password": passphrase})
    return client


def test_a_guardian_is_held_back_until_the_address_is_verified(db: None, client: Client) -> None:
    form = {
        "display_name": "Nina",
        "email": "nina@example.org",
        "password1": PASSPHRASE,
        "time_zone": "Europe/London",
    }
    assert client.post(reverse("account_signup"), form).status_code == 302
    assert not signed_in(client)
    assert client.get(reverse("child_add")).status_code == 302
    again = Client()
    again.post(reverse("account_login"), {"login": "nina@example.org", "password": PASSPHRASE})
    assert not signed_in(again), "a right passphrase alone is not enough"

    link = re.search(r"/accounts/confirm-email/[-:\w]+/", str(mail.outbox[0].body))
    assert link
    client.post(link[0])
    later = Client()
    later.post(reverse("account_login"), {"login": "nina@example.org", "password": PASSPHRASE})
    assert signed_in(later)


def test_a_guardian_adds_a_child_whose_sign_in_has_no_address(cast: Cast) -> None:
    client = client_for(cast.maria)
    form = {
        "chosen_name": "Lou",
        "birth_date": "2016-05-04",
        "relation": "parent",
        "place": "GB",
        "time_zone": "Europe/London",
        "username": "bluefox11",
        "passphrase": NEW,
    }
    done = client.post(reverse("child_add"), form)
    child = Child.objects.get(user__username="bluefox11")
    assert done["Location"] == reverse("child_sign_in_card", args=[child.pk])
    assert child.user.email == ""
    assert NEW not in str(dict(client.session)), "on its way there nobody can read it"
    assert NEW in client.get(done["Location"]).text
    assert NEW not in client.get(done["Location"]).text, "shown once"
    assert signed_in(sign_in("bluefox11", NEW)), "no address to verify, and not locked out"


def test_a_new_passphrase_ends_the_old_one_and_every_open_sign_in(cast: Cast) -> None:
    tablet = sign_in("sam")
    assert tablet.get(reverse("assent")).status_code == 200
    client_for(cast.maria).post(
        reverse("child_passphrase", args=[cast.sam_child.pk]), {"passphrase": NEW}
    )
    assert tablet.get(reverse("assent")).status_code == 302
    assert not signed_in(sign_in("sam"))
    assert signed_in(sign_in("sam", NEW))


def test_a_stranger_sets_no_passphrase(cast: Cast) -> None:
    for user in (*cast.strangers_to_sam, cast.dad, cast.sam):
        url = reverse("child_passphrase", args=[cast.sam_child.pk])
        assert client_for(user).post(url, {"passphrase": NEW}).status_code == 404
    assert User.objects.get(pk=cast.sam.pk).check_password(PASSPHRASE)
