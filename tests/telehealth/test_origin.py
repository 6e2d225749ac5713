"""Only our own pages open sockets; an origin that makes no sense is not ours."""

import asyncio
from typing import Any

import pytest
from django.conf import settings

from telehealth.asgi import sockets


def answers(origin: str | None) -> list[str]:
    headers = [(b"origin", origin.encode())] if origin is not None else []
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/ws/nothing/",
        "headers": headers,
        "query_string": b"",
    }
    sent: list[dict[str, Any]] = []

    coming = ["websocket.connect", "websocket.disconnect"]

    async def receive() -> dict[str, Any]:
        return {"type": coming.pop(0), "code": 1006}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(sockets(scope, receive, send))
    return [message["type"] for message in sent]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        None,
        f"{settings.PUBLIC_ORIGIN}.evil.example",
        f"{settings.PUBLIC_ORIGIN}:80.evil.example",
        f"{settings.PUBLIC_ORIGIN}@evil.example",
        "http://[",
    ],
)
def test_another_origin_is_closed_before_anything_is_looked_up(origin: str | None) -> None:
    assert answers(origin) == ["websocket.close"]
