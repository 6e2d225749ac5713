"""Sockets (uvicorn). Pages go through wsgi.py; in tests one process serves both."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.demo")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from sessions_app.routing import websocket_urlpatterns  # noqa: E402

signed_in = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    """Only our own pages may open sockets: a browser sends cookies to any site that asks."""
    await OriginValidator(signed_in, [settings.PUBLIC_ORIGIN])(scope, receive, send)


application = ProtocolTypeRouter({"http": pages, "websocket": sockets})
