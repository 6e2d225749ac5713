"""A WebSocket client that costs next to nothing, so that the load generator is not the limit.

RFC 6455 as far as our own servers speak it: text frames up to 64 KiB, no extensions, no fragments.
The mask is zero, which is allowed and leaves the bytes as they are.
"""

import asyncio
import struct
from collections.abc import Callable

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\n"
    "Host: localhost:{port}\r\n"
    "Origin: http://localhost:{port}\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Cookie: sessionid={cookie}\r\n"
    "\r\n"
)


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


class Wire(asyncio.Protocol):
    """One socket. `on_text` gets each text message; `ended` is why it closed, if it did."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._buffer = b""
        self._shaken = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended = ""

    async def open(self, port: int, path: str, cookie: str) -> None:
        """Connect and shake hands; ConnectionError when the server says no."""
        self._request = HANDSHAKE.format(port=port, path=path, cookie=cookie).encode()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", port)
        await self.opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        if not self._shaken:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = data
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self._end(head.partition(b"\r\n")[0].decode())
                return
            self._shaken, data = True, rest
            self.opened.set_result(None)
        self._buffer = self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        """Handle every whole frame; what is left waits for more."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size == 126:
                if end < start + 2:
                    break
                size, start = int.from_bytes(data[start : start + 2]), start + 2
            elif size == 127:
                if end < start + 8:
                    break
                size, start = int.from_bytes(data[start : start + 8]), start + 8
            if end < start + size:
                break
            self._take(data[at] & 0x0F, data[start : start + size])
            at = start + size
        return data[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self._on_text(payload.decode())
        elif opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self._end(f"closed with {int.from_bytes(payload[:2])}")

    def send(self, text: str) -> None:
        self.transport.write(frame(TEXT, text.encode()))

    def close(self) -> None:
        self.transport.write(frame(CLOSE, b"\x03\xe8"))
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"lost: {exc}")

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(why))
