"""Real providers on real sockets: what they answer, and what happens when they do not."""

import base64
import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.utils import timezone

from core.notifications.channels import CHANNELS, NoAnswer, PermanentFailure, TemporaryFailure
from core.notifications.channels.webpush import is_push_endpoint
from core.notifications.delivery import deliver_due
from core.notifications.kinds import Attachment, Message
from core.notifications.models import (
    DeliveryState,
    Notification,
    NotificationState,
    PushSubscription,
)
from tests.core.conftest import person
from tests.core.outbox_cast import only, tell, telling
from tests.core.smtp_stub import SmtpStub
from tests.ports import free_port


def use_smtp(settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 1


@pytest.mark.parametrize(
    ("mood", "state", "code", "uncertain"),
    [
        ("ok", DeliveryState.SENT, "", False),
        ("hang-up", DeliveryState.PENDING, "no_answer", True),
        ("silence", DeliveryState.PENDING, "no_answer", True),
        ("data-451", DeliveryState.PENDING, "smtp_451", False),
        ("data-554", DeliveryState.FAILED, "smtp_554", False),
        ("rcpt-550", DeliveryState.FAILED, "refused", False),
        ("rcpt-450", DeliveryState.PENDING, "deferred", False),
    ],
)
def test_each_answer_of_a_mail_server(
    maria: Any, settings: Any, mood: str, state: str, code: str, *, uncertain: bool
) -> None:
    with SmtpStub(mood) as server, telling("email"):
        use_smtp(settings, server.port)
        row = tell(maria)
        deliver_due()
        delivery = only(row, "email")
    assert (delivery.state, delivery.error_code, delivery.uncertain) == (state, code, uncertain)


def test_a_mail_server_that_is_not_there_was_surely_not_told(maria: Any, settings: Any) -> None:
    use_smtp(settings, free_port())
    with telling("email"):
        row = tell(maria)
        deliver_due()
    assert (only(row, "email").error_code, only(row, "email").uncertain) == ("unreachable", False)


def test_the_mail_is_neutral_has_a_full_link_and_the_same_id_when_sent_again(
    maria: Any, settings: Any
) -> None:
    ics = Attachment("invite.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\r\n")

    def render(_n: Notification) -> Message:
        return Message(
            "Your appointment", "Hello <Maria>,\n\nSee you.", "/inbox/", "See it", (ics,)
        )

    settings.PUBLIC_ORIGIN = "https://clinic.example"
    with SmtpStub("hang-up") as server, telling("email", render=render):
        use_smtp(settings, server.port)
        row = tell(maria)
        deliver_due()
        server.mood = "ok"
        Notification.objects.update(next_attempt_at=timezone.now())
        deliver_due()
        first, second = (message_from_string(m, policy=policy.default) for m in server.received)
    assert first["Message-ID"] == second["Message-ID"] == f"<{only(row, 'email').pk}@localhost>"
    assert first["Subject"] == "Your appointment"
    assert first["To"] == "maria@example.org"
    text = first.get_body(("plain",)).get_content()
    html = first.get_body(("html",)).get_content()
    assert "See it: https://clinic.example/inbox/" in text
    assert "Hello <Maria>," in text
    assert "Hello &lt;Maria&gt;," in html
    assert 'href="https://clinic.example/inbox/"' in html
    (attached,) = first.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached.get_param("method") == "REQUEST"


def test_a_title_with_a_line_break_cannot_add_a_header(maria: Any, mailoutbox: list[Any]) -> None:
    evil = Message("Hello\r\nBcc: everyone@example.org", "x")
    with telling("email", render=lambda _n: evil):
        tell(maria)
        deliver_due()
    assert mailoutbox[0].subject == "Hello Bcc: everyone@example.org"
    assert mailoutbox[0].recipients() == ["maria@example.org"]


WORKER = """
import django, os
django.setup()
from django.conf import settings
from django.db import connection
connection.close()
connection.settings_dict["NAME"] = os.environ["WORKER_DB"]
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = (
    "127.0.0.1", int(os.environ["WORKER_SMTP"]), 60)
from tests.core.outbox_cast import telling
from core.notifications.delivery import deliver_due
with telling("email"):
    deliver_due()
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_mid_send_sends_at_most_twice_and_the_row_says_so(
    settings: Any,
) -> None:
    """kill -9 after the mail server has the whole message and before it answers."""
    maria = person("maria")
    with SmtpStub("silence") as server, telling("email"):
        settings.CELERY_TASK_ALWAYS_EAGER = False
        row = tell(maria, due_at=timezone.now() + timedelta(hours=1))
        Notification.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
        env = os.environ | {
            "WORKER_DB": str(connection.settings_dict["NAME"]),
            "WORKER_SMTP": str(server.port),
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]),
        }
        worker = subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER], env=env)
        assert server.got_one.wait(30), "the worker never sent"
        worker.send_signal(signal.SIGKILL)
        worker.wait()

        assert only(row, "email").state == DeliveryState.ATTEMPTING
        assert deliver_due() == 0, "its lease still runs"
        Notification.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        server.mood = "ok"
        use_smtp(settings, server.port)
        deliver_due()
        assert len(server.received) == 2
    row.refresh_from_db()
    assert row.state == NotificationState.SENT
    assert (only(row, "email").state, only(row, "email").uncertain) == (DeliveryState.SENT, True)


class _Answer(http.server.BaseHTTPRequestHandler):
    status = 200
    silent = threading.Event()

    def do_POST(self) -> None:
        if self.status == 0:
            self.silent.wait(3)
            return
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"ErrorCode": 0, "Message": "OK", "MessageID": "1"}')

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return


@pytest.fixture
def provider() -> Iterator[str]:
    """An HTTP provider; set `_Answer.status` (0 = never answers)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "uncertain"),
    [
        (429, "http_429", False),
        (403, "http_403", False),
        (502, "http_502", True),
        (0, "no_answer", True),
    ],
)
def test_each_answer_of_a_mail_provider_over_http(
    maria: Any, settings: Any, provider: str, status: int, code: str, *, uncertain: bool
) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "t",
        "POSTMARK_API_URL": provider,
        "REQUESTS_TIMEOUT": 0.5,
    }
    _Answer.status = status
    with telling("email"):
        row = tell(maria)
        deliver_due()
    assert (only(row, "email").error_code, only(row, "email").uncertain) == (code, uncertain)


def test_a_mail_provider_that_is_not_there_was_surely_not_told(maria: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "t",
        "POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/",
        "REQUESTS_TIMEOUT": 1,
    }
    with telling("email"):
        row = tell(maria)
        deliver_due()
    assert (only(row, "email").error_code, only(row, "email").uncertain) == ("unreachable", False)


def test_text_messages_go_to_a_file_in_the_demo_and_nowhere_without_a_provider(
    maria: Any, settings: Any, tmp_path: Path
) -> None:
    channel = CHANNELS["sms"]
    maria.phone = "+447700900000"
    settings.SMS_BACKEND = ""
    assert not channel.reaches(maria)
    settings.SMS_BACKEND, settings.VAR_DIR = "core.notifications.channels.sms.FileSms", tmp_path
    assert channel.reaches(maria)
    from core.notifications.channels import Parcel  # noqa: PLC0415

    with telling("inbox"):
        row = tell(maria)
    channel.send(Parcel(row.pk, row, maria, Message("Your appointment", "body", "/inbox/")))
    (written,) = (tmp_path / "sms").iterdir()
    assert "+447700900000" in written.read_text()
    assert "/inbox/" in written.read_text()


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://fcm.googleapis.com/abc", False),
        ("https://fcm.googleapis.com.evil.example/abc", False),
        ("https://127.0.0.1/abc", False),
        ("https://fcm.googleapis.com:8443/abc", False),
        ("https://evilpush.apple.com.example/", False),
    ],
)
def test_a_browser_cannot_make_us_call_any_address(endpoint: str, *, known: bool) -> None:
    assert is_push_endpoint(endpoint) is known


def browser_keys() -> dict[str, str]:
    """What a browser would send with its subscription."""
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    return {
        "p256dh": base64.urlsafe_b64encode(point).decode().rstrip("="),
        "auth": base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="),
    }


@pytest.mark.parametrize(
    ("status", "failure"),
    [(201, None), (410, PermanentFailure), (429, TemporaryFailure), (0, NoAnswer)],
)
def test_each_answer_of_a_push_service(
    maria: Any, settings: Any, provider: str, status: int, failure: type[Exception] | None
) -> None:
    from core.notifications.channels import Parcel  # noqa: PLC0415

    settings.WEBPUSH_PRIVATE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    settings.WEBPUSH_SUBJECT = "mailto:clinic@example.org"
    assert not CHANNELS["webpush"].reaches(maria)
    PushSubscription.objects.create(person=maria, endpoint=provider, **browser_keys())
    assert CHANNELS["webpush"].reaches(maria)
    _Answer.status = status
    with telling("inbox"):
        row = tell(maria)
    parcel = Parcel(row.pk, row, maria, Message("Your appointment", "body", "/inbox/"))
    if failure is None:
        CHANNELS["webpush"].send(parcel)
    else:
        with pytest.raises(failure):
            CHANNELS["webpush"].send(parcel)
    assert PushSubscription.objects.exists() is (status != 410)
