"""The demo's mailbox: only in the demo, links that work, attachments that cannot run."""

import uuid
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from core.notifications.models import MailboxAttachment, MailboxMessage

BACKEND = "core.notifications.mailbox.MailboxBackend"


@pytest.fixture
def mail(db: None, settings: Any) -> MailboxMessage:
    settings.DEMO, settings.EMAIL_BACKEND = True, BACKEND
    message = EmailMultiAlternatives(
        subject="Your appointment",
        body="Hello <b>Maria</b>\n\nhttps://clinic.example/inbox/?a=1",
        to=["maria@example.org"],
        cc=["pat@example.org"],
    )
    message.attach_alternative("<p>Hello</p>", "text/html")
    message.attach("visit.ics", "BEGIN:VCALENDAR\r\n", "text/calendar; method=REQUEST")
    message.attach('e"vil.html', b"<script>alert(1)</script>", "text/html")
    assert message.send() == 1
    return MailboxMessage.objects.get(to="maria@example.org")


def test_a_mail_is_kept_once_per_reader(mail: MailboxMessage) -> None:
    assert set(MailboxMessage.objects.values_list("to", flat=True)) == {
        "maria@example.org",
        "pat@example.org",
    }
    assert mail.html == "<p>Hello</p>"


def test_the_list_shows_it_and_narrows_to_one_address(mail: MailboxMessage, client: Client) -> None:
    page = client.get("/mailbox/")
    assert page.content.decode().count("Your appointment") == 2
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    narrowed = client.get("/mailbox/", {"to": "maria@example.org"}).content.decode()
    assert narrowed.count("Your appointment") == 1
    assert "No mail yet" in client.get("/mailbox/", {"to": "nobody"}).content.decode()


def test_its_links_work_and_its_words_are_not_markup(mail: MailboxMessage, client: Client) -> None:
    page = client.get(f"/mailbox/{mail.pk}/").content.decode()
    assert 'href="https://clinic.example/inbox/?a=1"' in page
    assert "Hello &lt;b&gt;Maria" in page


def test_an_attachment_is_downloaded_never_opened_in_our_origin(
    mail: MailboxMessage, client: Client
) -> None:
    for attachment in MailboxAttachment.objects.filter(message=mail):
        response = client.get(f"/mailbox/attachments/{attachment.pk}/")
        assert response["Content-Disposition"].startswith("attachment; filename")
        assert response["X-Content-Type-Options"] == "nosniff"
    calendar = MailboxAttachment.objects.get(message=mail, name="visit.ics")
    response = client.get(f"/mailbox/attachments/{calendar.pk}/")
    assert response.content == b"BEGIN:VCALENDAR\r\n"
    assert response["Content-Type"].startswith("text/calendar")


def test_outside_the_demo_there_is_no_such_page(
    mail: MailboxMessage, client: Client, settings: Any
) -> None:
    settings.DEMO = False
    attachment = MailboxAttachment.objects.filter(message=mail)[0]
    for path in (
        "/mailbox/",
        f"/mailbox/{mail.pk}/",
        f"/mailbox/attachments/{attachment.pk}/",
    ):
        assert client.get(path).status_code == 404


def test_an_unknown_mail_is_not_found(mail: MailboxMessage, client: Client) -> None:
    assert client.get(f"/mailbox/{uuid.uuid4()}/").status_code == 404
    assert client.get(f"/mailbox/attachments/{uuid.uuid4()}/").status_code == 404


@pytest.mark.django_db
def test_a_nul_in_the_filter_finds_nothing(client: Client, settings: Any) -> None:
    settings.DEMO = True
    assert client.get("/mailbox/?to=%00x").status_code == 200
