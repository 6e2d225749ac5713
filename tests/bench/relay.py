"""The ceiling of the chat bench: a plain Channels consumer and the same PubSub layer.

It keeps nothing, knows nobody and asks no database: what one person writes goes to the room's
group, and from there to everybody's socket. Run by uvicorn exactly as the product's sockets are.
"""

import os

from django.conf import settings

settings.configure(
    SECRET_KEY="a relay has no secrets",
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ.get("REDIS_URL", "")], "prefix": "bench_relay"},
        }
    },
)

from typing import Any  # noqa: E402

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402


class Relay(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        # /room/<number>
        self.room = "room." + self.scope["path"].rpartition("/")[2]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.channel_layer.group_send(self.room, {"type": "line", "text": text_data})

    async def line(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


sockets = Relay.as_asgi()


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "http":  # "are you there?"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
