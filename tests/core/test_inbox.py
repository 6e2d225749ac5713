"""An inbox is its owner's alone; a link from it leads only into our own site."""

import uuid
from typing import Any

import pytest
from django.test import Client

from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from core.notifications.selectors import unread_count
from tests.core.outbox_cast import tell, telling


@pytest.fixture
def message(maria: Any) -> InboxMessage:
    with telling("inbox"):
        tell(maria)
        deliver_due()
    return InboxMessage.objects.get()


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_owner_reads_it_and_it_leads_where_it_says(maria: Any, message: InboxMessage) -> None:
    client = signed_in(maria)
    page = client.get("/inbox/").content.decode()
    assert "Your appointment tomorrow" in page
    assert "New" in page
    assert unread_count(maria) == 1
    response = client.post(f"/inbox/{message.pk}/read/")
    assert (response.status_code, response["Location"]) == (302, "/inbox/")
    assert unread_count(maria) == 0
    assert "New" not in client.get("/inbox/").content.decode()


def test_a_stranger_sees_nothing_and_cannot_mark_it_read(
    maria: Any, olga: Any, message: InboxMessage
) -> None:
    client = signed_in(olga)
    assert "Your appointment tomorrow" not in client.get("/inbox/").content.decode()
    assert client.post(f"/inbox/{message.pk}/read/").status_code == 404
    assert client.post(f"/inbox/{uuid.uuid4()}/read/").status_code == 404
    assert client.post("/inbox/read/").status_code == 302
    assert unread_count(maria) == 1


def test_nobody_is_sent_to_sign_in_and_reading_is_not_a_link(message: InboxMessage) -> None:
    assert Client().get("/inbox/").status_code == 302
    assert Client().post("/inbox/read/").status_code == 302
    assert signed_in(message.recipient).get("/inbox/read/").status_code == 405


def test_all_at_once(maria: Any, message: InboxMessage) -> None:
    signed_in(maria).post("/inbox/read/")
    assert unread_count(maria) == 0


def test_a_page_number_from_nowhere_is_the_nearest_page(maria: Any, message: InboxMessage) -> None:
    for number in ("0", "-1", "99999999999999999999", "x", ""):
        assert signed_in(maria).get("/inbox/", {"page": number}).status_code == 200
