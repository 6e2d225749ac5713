"""A small SMTP server on a real socket that misbehaves as told. For one test at a time."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self


class _Session(socketserver.StreamRequestHandler):
    server: SmtpStub

    def handle(self) -> None:
        self._say("220 stub")
        for raw in self.rfile:
            word = raw.decode(errors="replace").strip().upper()
            if word.startswith("DATA"):
                self._say("354 go on")
                if not self._data():
                    return
            elif word.startswith("RCPT") and self.server.mood.startswith("rcpt-"):
                self._say(f"{self.server.mood.removeprefix('rcpt-')} not this one")
            elif word.startswith("QUIT"):
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _data(self) -> bool:
        lines: list[str] = []
        for raw in self.rfile:
            line = raw.decode(errors="replace").rstrip("\r\n")
            if line == ".":
                break
            lines.append(line)
        self.server.received.append("\n".join(lines))
        self.server.got_one.set()
        mood = self.server.mood
        if mood == "hang-up":
            return False
        if mood == "silence":
            self.server.released.wait(60)
            return False
        self._say(
            "451 later" if mood == "data-451" else "554 no" if mood == "data-554" else "250 ok"
        )
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class SmtpStub(socketserver.ThreadingTCPServer):
    """`mood`: ok, hang-up or silence (after the whole message), data-451, data-554, rcpt-<code>."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, mood: str = "ok") -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mood = mood
        self.received: list[str] = []
        self.got_one = threading.Event()
        self.released = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()
