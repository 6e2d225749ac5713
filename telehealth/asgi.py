"""Sockets (uvicorn). Pages go through wsgi.py; in tests one process serves both."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.demo")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from core.errors import CONNECTION_ERRORS  # noqa: E402
from sessions_app.consumers import TRY_AGAIN  # noqa: E402
from sessions_app.routing import websocket_urlpatterns  # noqa: E402

signed_in = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))


def is_readable(origin: bytes) -> bool:
    """Channels fails on the others: "http://ours:80.theirs.example" has no port to compare."""
    try:
        _ = urlsplit(origin.decode("latin-1")).port
    except ValueError:
        return False
    return True


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    """Only our own pages may open sockets: a browser sends cookies to any site that asks."""
    if not is_readable(dict(scope["headers"]).get(b"origin", b"")):
        await send({"type": "websocket.close"})
        return
    try:
        await OriginValidator(signed_in, [settings.PUBLIC_ORIGIN])(scope, receive, send)
    except CONNECTION_ERRORS:
        # Postgres is away while the sign-in is read: the page tries again, as with a lost socket.
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": TRY_AGAIN})


application = ProtocolTypeRouter({"http": pages, "websocket": sockets})
