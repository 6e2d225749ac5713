"""Pages through WSGI threads and sockets through ASGI, as in production, but on one port.

Django's pages through ASGI would stream static files from a synchronous iterator (a warning, so
an error here), and asgiref's own adapter mixes its threads with those of `async_to_sync`.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.wsgi import WsgiToAsgiInstance
from channels.routing import ProtocolTypeRouter
from django.db import connection

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def call_wsgi(environ: dict[str, Any]) -> Answer:
    """Run one request to its end, in this thread: status, headers, body."""
    from telehealth.wsgi import application  # noqa: PLC0415

    started: list[Any] = []

    def start_response(status: str, headers: Any, _exc: Any = None) -> None:
        started[:] = [status, headers]

    answer = application(environ, start_response)  # type: ignore[arg-type]
    try:
        body = b"".join(answer)
    finally:
        answer.close()  # type: ignore[attr-defined]  # ends the request
        connection.close()  # this thread may never serve another
    status, headers = started
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return int(status.split()[0]), encoded, body


class Pages:
    def __init__(self, threads: int = 4) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="page")

    def close(self) -> None:
        """No page is being made any more, and no thread holds a connection."""
        self.pool.shutdown(wait=True, cancel_futures=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        translator = WsgiToAsgiInstance(None)
        translator.scope = scope
        environ = translator.build_environ(scope, io.BytesIO(body))
        loop = asyncio.get_running_loop()
        status, headers, answer = await loop.run_in_executor(self.pool, call_wsgi, environ)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def split_application(pages: "Pages") -> Any:
    from telehealth.asgi import sockets  # noqa: PLC0415

    return ProtocolTypeRouter({"http": pages, "websocket": sockets})
