"""Somebody with a browser, as the server sees one: cookies, forms, a socket. No script."""

import html
import json
import re
import ssl
import uuid
from contextlib import AbstractContextManager
from email import message_from_string
from email.policy import default
from typing import Any, cast

import requests
from websockets.sync.client import ClientConnection, connect

from tests.ops.clinic import Clinic


class Visitor(requests.Session):
    """Without the proxy this says itself what the proxy would say of it."""

    def __init__(self, clinic: Clinic) -> None:
        super().__init__()
        self.clinic = clinic
        self.trust_env = False  # no outgoing proxy of this machine's
        self.origin = f"https://{clinic.host}"
        self.base = self.origin if clinic.caddy else f"http://{clinic.host}"
        self.headers["Referer"] = f"{self.origin}/"
        if clinic.caddy:
            self.verify = clinic.authority
        else:
            self.headers["X-Forwarded-Proto"] = "https"

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        answer = super().send(request, **options)
        if not self.clinic.caddy:
            for cookie in self.cookies:
                cookie.secure = False  # else it would not be sent back without TLS
        return answer

    def see(self, path: str, *, status: int = 200, **more: Any) -> str:
        answer = self.get(self.base + path, timeout=20, **more)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def fill_in(self, path: str, *, on: str = "", **fields: str) -> str:
        """Send the form that is on this page (or on the page `on`); the path that follows."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.see(on or path))
        assert token, path
        fields["csrfmiddlewaretoken"] = token[1]
        answer = self.post(self.base + path, data=fields, timeout=20, allow_redirects=False)
        assert answer.status_code == 302, (path, answer.status_code, answer.text[:3000])
        return answer.headers["Location"].removeprefix(self.origin)

    def socket(self, path: str, origin: str = "") -> AbstractContextManager[ClientConnection]:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        port = self.clinic.ports["sockets"]
        base = self.base if self.clinic.caddy else f"http://127.0.0.1:{port}"
        return connect(
            base.replace("http", "ws", 1) + path,
            ssl=ssl.create_default_context(cafile=self.clinic.authority)
            if self.clinic.caddy
            else None,
            origin=cast("Any", origin or self.origin),
            additional_headers={"Cookie": cookies},
            proxy=None,
            open_timeout=20,
        )


def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if message["type"] == kind:
            return message


def say(socket: ClientConnection, text: str) -> dict[str, Any]:
    """A chat line, until the server says that it is kept."""
    nonce = str(uuid.uuid4())
    socket.send(json.dumps({"type": "chat.send", "nonce": nonce, "text": text}))
    return hear(socket, "chat.ack")


def letters(clinic: Clinic, to: str) -> list[tuple[str, str]]:
    """Subject and text of each e-mail that came out of the clinic to this reader."""
    found = []
    for raw in list(clinic.smtp.received):
        letter = message_from_string(raw, policy=default)
        body = letter.get_body(("plain",))
        if to in str(letter["To"]) and body is not None:
            found.append((str(letter["Subject"]), body.get_content()))
    return found


def link_in(text: str, clinic: Clinic) -> str:
    found = re.search(rf"https://{re.escape(clinic.host)}(/\S+)", text)
    assert found, text
    return html.unescape(found[1])
