"""The floor for the join bench: two bare pages and a bare relay, in one tiny ASGI program.

Every socket message goes to all other sockets as it is. Also serves `static/`, so that the room's
own modules can be tried without Django (see tests/sessions_app/mesh_page.html):
`python -m uvicorn tests.bench.bare_call:application`.
"""

import mimetypes
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STATIC = HERE.parents[1] / "static"
PAGES = {
    "/": HERE / "bare_call.html",
    "/mesh": HERE.parent / "sessions_app" / "mesh_page.html",
}


class BareRelay:
    """An ASGI application: pages, static files, and a relay that knows nothing."""

    def __init__(self) -> None:
        self.sockets: set[Any] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self.relay(receive, send)
        elif scope["type"] == "http":
            await self.serve(scope["path"], send)

    async def relay(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.sockets.add(send)
        try:
            while (event := await receive())["type"] == "websocket.receive":
                for other in self.sockets - {send}:
                    await other({"type": "websocket.send", "text": event["text"]})
        finally:
            self.sockets.discard(send)

    async def serve(self, path: str, send: Any) -> None:
        file = PAGES.get(path) or STATIC / path.removeprefix("/static/")
        found = file.is_file() and (path in PAGES or file.resolve().is_relative_to(STATIC))
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        headers = [(b"content-type", kind.encode())]
        await send(
            {"type": "http.response.start", "status": 200 if found else 404, "headers": headers}
        )
        await send({"type": "http.response.body", "body": file.read_bytes() if found else b""})


application = BareRelay()
