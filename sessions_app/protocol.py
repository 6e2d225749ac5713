"""Every message a browser may send: its shape, and what is done with it.

A row is `type -> (parse, needs a place in the room)`. Parsers raise BadShape or TooLong; the
actions behind them decide again whether this person may.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sessions_app.errors import BadShape, TooLong, UnknownMessage

MAX_FRAME = 100_000  # bytes of one message; the server process closes at 128 KiB
MAX_CHAT = 4_000  # characters
MAX_SDP = 48_000
MAX_CANDIDATE = 1_000
KINDS = {"offer", "answer", "pranswer", "rollback"}

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nothing:
    """A message without content."""


@dataclass(frozen=True, slots=True)
class ChatSend:
    nonce: uuid.UUID
    text: str


@dataclass(frozen=True, slots=True)
class ChatSince:
    seq: int


@dataclass(frozen=True, slots=True)
class Someone:
    participant: uuid.UUID


@dataclass(frozen=True, slots=True)
class Signal:
    to: uuid.UUID
    data: dict[str, Any]


def _uuid(payload: Payload, key: str) -> uuid.UUID:
    value = payload.get(key)
    if not isinstance(value, str) or len(value) > 40:
        raise BadShape
    try:
        return uuid.UUID(value)
    except ValueError as exc:
        raise BadShape from exc


def nothing(_payload: Payload) -> Nothing:
    return Nothing()


def chat_send(payload: Payload) -> ChatSend:
    text = payload.get("text")
    if not isinstance(text, str):
        raise BadShape
    # Postgres text holds no NUL, and no reader would see it; half an emoji is no text at all.
    text = text.replace("\x00", "").encode(errors="ignore").decode().strip()
    if len(text) > MAX_CHAT:
        raise TooLong
    if not text:
        raise BadShape
    return ChatSend(_uuid(payload, "nonce"), text)


def chat_since(payload: Payload) -> ChatSince:
    seq = payload.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**31:
        raise BadShape
    return ChatSince(seq)


def someone(payload: Payload) -> Someone:
    return Someone(_uuid(payload, "participant"))


def _short(value: Any, limit: int) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= limit)


def _check_description(value: Any) -> None:
    if not isinstance(value, dict) or not set(value) <= {"type", "sdp"}:
        raise BadShape
    kind, sdp = value.get("type"), value.get("sdp", "")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadShape
    if not isinstance(sdp, str) or (sdp and not sdp.startswith("v=0")):
        raise BadShape
    if len(sdp) > MAX_SDP:
        raise TooLong


def _check_candidate(value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise BadShape
    allowed = {"candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"}
    if not set(value) <= allowed or not _short(value.get("candidate"), MAX_CANDIDATE):
        raise BadShape
    line = value.get("sdpMLineIndex")
    if not _short(value.get("sdpMid"), 40) or not _short(value.get("usernameFragment"), 300):
        raise BadShape
    if line is not None and not (isinstance(line, int) and 0 <= line < 64):
        raise BadShape


def signal(payload: Payload) -> Signal:
    """WebRTC signalling for one other person: a description or candidates, nothing else."""
    data = payload.get("data")
    if not isinstance(data, dict) or not set(data) <= {"me", "you", "description", "candidate"}:
        raise BadShape
    if not _short(data.get("me"), 64) or not _short(data.get("you"), 64):
        raise BadShape
    if "description" in data:
        _check_description(data["description"])
    if "candidate" in data:
        _check_candidate(data["candidate"])
    return Signal(_uuid(payload, "to"), data)


@dataclass(frozen=True, slots=True)
class Row:
    """`inside`: only for somebody who was let in; `relayed`: no action decides again."""

    parse: Callable[[Payload], Any]
    inside: bool = False
    relayed: bool = False
    per_second: float = 20
    burst: int = 60


TABLE: dict[str, Row] = {
    "ping": Row(nothing, per_second=2, burst=20),
    "ice": Row(nothing, per_second=1, burst=10),
    "signal": Row(signal, inside=True, relayed=True, per_second=60, burst=400),
    "chat.send": Row(chat_send, inside=True, per_second=10, burst=40),
    "chat.since": Row(chat_since, per_second=5, burst=20),
    "admit": Row(someone, inside=True),
    "admit_all": Row(nothing, inside=True),
    "send_back": Row(someone, inside=True),
    "ask_mute": Row(someone, inside=True),
    "leave": Row(nothing),
    "end": Row(nothing, inside=True),
}


def parse(text: str | None) -> tuple[str, Row, Any]:
    """The type, its row and the checked payload. BadShape, TooLong, UnknownMessage."""
    if text is None:
        raise BadShape
    if len(text) > MAX_FRAME:
        raise TooLong
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadShape from exc
    if not isinstance(payload, dict):
        raise BadShape
    kind = payload.get("type")
    row = TABLE.get(kind) if isinstance(kind, str) else None
    if row is None or not isinstance(kind, str):
        raise UnknownMessage
    return kind, row, row.parse(payload)
