"""The mail server is away while somebody signs up: one moment, and signing in sends the letter."""

from typing import Any

from django.core import mail
from django.test import Client

from tests.ports import free_port

TYPED = {
    "display_name": "Nora",
    "email": "nora@example.org",
    "password1": "quiet-harbour-lamp-7",
    "time_zone": "Europe/London",
}


def test_signing_in_again_sends_the_letter_that_could_not_go_out(
    db: None, client: Client, settings: Any
) -> None:
    there = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    answer = client.post("/accounts/signup/", TYPED)
    assert answer.status_code == 503
    assert "We could not send you an e-mail just now." in answer.text
    settings.EMAIL_BACKEND = there
    sign_in = {"login": TYPED["email"], "password": TYPED["password1"]}
    answer = client.post("/accounts/login/", sign_in, follow=True)
    assert "Look in your e-mail" in answer.text
    assert [letter.to for letter in mail.outbox] == [[TYPED["email"]]]
