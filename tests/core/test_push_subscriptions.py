"""A browser may ask to be woken, only at its own maker's push service, and only for its reader."""

from typing import Any

import pytest
from django.test import Client

from core.notifications.models import PushSubscription
from tests.core.test_providers import browser_keys

HERE = "https://updates.push.services.mozilla.com/wpush/v2/abc"


@pytest.fixture
def client_of(settings: Any) -> Any:
    settings.WEBPUSH_PRIVATE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    def sign_in(person: Any) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def test_on_and_off_again(maria: Any, olga: Any, client_of: Any) -> None:
    data = {"endpoint": HERE, **browser_keys()}
    assert client_of(maria).post("/inbox/push/", data).status_code == 204
    assert PushSubscription.objects.get().person_id == maria.pk
    client_of(olga).post("/inbox/push/", {"endpoint": HERE, "off": "1"})
    assert PushSubscription.objects.count() == 1, "a stranger cannot turn it off"
    client_of(maria).post("/inbox/push/", {"endpoint": HERE, "off": "1"})
    assert not PushSubscription.objects.exists()


def test_a_shared_tablet_belongs_to_whoever_signed_in_last(
    maria: Any, olga: Any, client_of: Any
) -> None:
    for person in (maria, olga):
        client_of(person).post("/inbox/push/", {"endpoint": HERE, **browser_keys()})
    assert PushSubscription.objects.get().person_id == olga.pk


@pytest.mark.parametrize(
    "change",
    [{"endpoint": "https://127.0.0.1/x"}, {"endpoint": ""}, {"p256dh": "x"}, {"auth": "<script>"}],
)
def test_nonsense_is_refused(maria: Any, client_of: Any, change: dict[str, str]) -> None:
    data = {"endpoint": HERE, **browser_keys(), **change}
    assert client_of(maria).post("/inbox/push/", data).status_code == 422
    assert not PushSubscription.objects.exists()


def test_without_keys_of_the_clinic_or_without_a_reader_there_is_nothing(
    maria: Any, client_of: Any, settings: Any
) -> None:
    assert Client().post("/inbox/push/", {}).status_code == 302
    settings.WEBPUSH_PRIVATE_KEY = ""
    assert client_of(maria).post("/inbox/push/", {}).status_code == 404
