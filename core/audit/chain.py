"""Checking the chain without trusting the database that built it: the same hash, in Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from core.audit.models import GENESIS, AuditAnchor, AuditEvent

_CHUNK = 2000
# What is hashed of a row besides the hash before it, in this order (see core.audit.models): seq, at
# in microseconds, actor, ... Cast by the database, because making Python's UUIDs and datetimes
# only to take them apart again would cost more than the hashing.
_ROWS = """
    SELECT id, seq, previous_hash, hash, (extract(epoch FROM at) * 1000000)::bigint,
        actor_id::text, actor_name, roles, action, object_type, object_id, child_id::text,
        request_id, fields
    FROM audit_auditevent WHERE seq > %s ORDER BY seq
"""
# json.dumps would build a new encoder for each row.
_encode = json.JSONEncoder(ensure_ascii=False).encode


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


def digest(content: list[Any], previous: bytes) -> bytes:
    """The hash of a row's content (from seq on) after `previous`, as the trigger computes it."""
    text = _encode([*content, previous.hex()])
    return hashlib.sha256(text.encode()).digest()


def _problem(row: tuple[Any, ...], expected_seq: int, previous: bytes) -> str:
    _id, seq, link, own, *content = row
    if seq != expected_seq:
        return f"row {expected_seq} is missing before it"
    if link is None or bytes(link) != previous:
        return "it does not follow the row before it"
    if own is None or bytes(own) != digest([seq, *content], previous):
        return "its content was changed"
    return ""


def _rows(after: int) -> Iterator[tuple[Any, ...]]:
    # A transaction of its own: outside one, the database would copy the whole trail for the cursor.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.itersize = _CHUNK  # type: ignore[attr-defined]
        cursor.execute(_ROWS, [after])
        yield from cursor


def verify(
    anchors: Mapping[int, bytes] | None = None, *, after: tuple[int, bytes] = (0, GENESIS)
) -> Verdict:
    """Walk the trail in constant memory; stop at the first row that does not fit.

    `anchors` are (seq, hash) pairs kept elsewhere: without one, a trail cut off or rewritten as a
    whole still looks sound. `after` is an anchor from which to go on: only what came later is read.
    """
    wanted = {seq: value for seq, value in (anchors or {}).items() if seq > after[0]}
    rows, previous = after
    for row in _rows(rows):
        reason = _problem(row, rows + 1, previous)
        own = bytes(row[3] or b"")
        if not reason and wanted.pop(rows + 1, own) != own:
            reason = "it differs from the hash kept elsewhere"
        if reason:
            return Verdict(rows, previous, Break(row[0], row[1], reason))
        previous, rows = own, rows + 1
    return _end(rows, previous, wanted)


def _end(rows: int, previous: bytes, wanted: dict[int, bytes]) -> Verdict:
    if wanted:
        return Verdict(rows, previous, Break(0, min(wanted), "the trail ends before it"))
    stray = AuditEvent.objects.filter(seq__isnull=True).first()
    if stray is not None:
        return Verdict(rows, previous, Break(stray.pk, None, "it was written past the chain"))
    return Verdict(rows, previous, None)


def head() -> tuple[int, bytes]:
    """(seq, hash) of the last row: what to keep elsewhere as an anchor for `verify`."""
    last = AuditEvent.objects.filter(seq__isnull=False).order_by("-seq").first()
    return (0, GENESIS) if last is None else (last.seq or 0, bytes(last.hash or b""))


def stored_anchors() -> dict[int, bytes]:
    """The daily heads kept in the database itself: they catch whoever rewrote the trail alone."""
    return {row.seq: bytes(row.hash) for row in AuditAnchor.objects.filter(seq__gt=0)}
