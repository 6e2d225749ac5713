"""Checking the chain without trusting the database that built it: the same hash, in Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.audit.models import GENESIS, AuditEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Break:
    """The first row that does not fit, and why."""

    id: int
    seq: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the chain holds. `head` is the hash to keep outside the database."""

    rows: int
    head: bytes
    broken: Break | None


def digest(event: AuditEvent, previous: bytes) -> bytes:
    """The hash of a row as the trigger computes it (see core.audit.models)."""
    content = [
        event.seq,
        (event.at - _EPOCH) // timedelta(microseconds=1),
        str(event.actor_id) if event.actor_id else None,
        event.actor_name,
        event.roles,
        event.action,
        event.object_type,
        event.object_id,
        str(event.child_id) if event.child_id else None,
        event.request_id,
        event.fields,
        previous.hex(),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).digest()


def _problem(event: AuditEvent, expected_seq: int, previous: bytes) -> str:
    if event.seq != expected_seq:
        return f"row {expected_seq} is missing before it"
    if bytes(event.previous_hash or b"") != previous:
        return "it does not follow the row before it"
    if bytes(event.hash or b"") != digest(event, previous):
        return "its content was changed"
    return ""


def _rows() -> Iterator[AuditEvent]:
    return AuditEvent.objects.filter(seq__isnull=False).order_by("seq").iterator(chunk_size=_CHUNK)


def verify(anchors: dict[int, bytes] | None = None) -> Verdict:
    """Walk the whole trail in constant memory; stop at the first row that does not fit.

    `anchors` are (seq, hash) pairs kept elsewhere: without one, a trail cut off or rewritten as a
    whole still looks sound.
    """
    wanted = dict(anchors or {})
    previous, rows = GENESIS, 0
    for event in _rows():
        reason = _problem(event, rows + 1, previous)
        own = bytes(event.hash or b"")
        if not reason and wanted.pop(rows + 1, own) != own:
            reason = "it differs from the hash kept elsewhere"
        if reason:
            return Verdict(rows, previous, Break(event.pk, event.seq, reason))
        previous, rows = own, rows + 1
    if wanted:
        seq = min(wanted)
        return Verdict(rows, previous, Break(0, seq, "the trail ends before it"))
    stray = AuditEvent.objects.filter(seq__isnull=True).first()
    if stray is not None:
        return Verdict(rows, previous, Break(stray.pk, None, "it was written past the chain"))
    return Verdict(rows, previous, None)


def head() -> tuple[int, bytes]:
    """(seq, hash) of the last row: what to keep elsewhere as an anchor for `verify`."""
    last = AuditEvent.objects.filter(seq__isnull=False).order_by("-seq").first()
    return (0, GENESIS) if last is None else (last.seq or 0, bytes(last.hash or b""))
