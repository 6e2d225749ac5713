"""Sealing of what must never lie in clear text: AES-GCM with a data key per child.

Three layers:

- key encryption keys (KEK) come from `settings.FIELD_KEYS`, `"id:base64 of 32 bytes,id2:..."`.
  The first wraps new data keys, all can unwrap: that is how a KEK is rotated
  (`manage.py rewrap_keys` re-wraps the small keys; no record is touched).
- a `DataKey` row per child holds the wrapped key that seals the child's records.
- a sealed value is `version(1) | data key id(16) | nonce(12) | ciphertext+tag`, bound by its
  additional data to `table:column:pk`: moved to another row, column or table it does not open.

Whatever is wrong with a sealed value, the answer is `CannotOpen`, never the ciphertext.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
import time
import uuid
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.models import DataKey

VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 1 + 16 + NONCE_BYTES
# How long an unwrapped key may live in a process: a shredded key is gone everywhere after this.
CACHE_SECONDS = 60.0
_CACHE_MAX = 4096

_cache: dict[uuid.UUID, tuple[AESGCM, float]] = {}
_cache_lock = threading.Lock()


class CannotOpen(DomainError):
    """The value was moved, tampered with, sealed by a key we do not have, or erased."""

    code = "cannot_open"
    status = 500
    message = _("This part of the record cannot be opened. Please tell your clinic.")


class Sealed(bytes):
    """Ciphertext. Its own type, so that nobody shows it, joins it or saves plain bytes as it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<sealed, {len(self)} bytes>"

    __str__ = __repr__


@lru_cache(maxsize=4)
def _parse_keyring(text: str) -> dict[str, AESGCM]:
    """Parse `settings.FIELD_KEYS`; ImproperlyConfigured says in one sentence what is wrong."""
    ring: dict[str, AESGCM] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not colon or not key_id or len(key) != KEY_BYTES or key_id in ring:
            # never quote the part itself: it may be a key with a typing error
            raise ImproperlyConfigured(
                "FIELD_KEYS must be 'id:base64 of 32 bytes' parts with unique ids, comma separated."
            )
        ring[key_id] = AESGCM(key)
    if not ring:
        raise ImproperlyConfigured(
            "FIELD_KEYS is empty: records cannot be sealed or opened without a key."
        )
    return ring


def keyring() -> dict[str, AESGCM]:
    """Key encryption keys by id, the sealing one first."""
    return _parse_keyring(settings.FIELD_KEYS)


def _wrap(key_id: uuid.UUID, key: bytes) -> tuple[str, bytes]:
    kek_id, kek = next(iter(keyring().items()))
    nonce = os.urandom(NONCE_BYTES)
    return kek_id, nonce + kek.encrypt(nonce, key, f"datakey:{key_id}".encode())


def _unwrap(row: DataKey) -> bytes:
    if row.shredded_at is not None:
        raise CannotOpen(_("This part of the record was erased."))
    kek = keyring().get(row.wrapping_key_id)
    if kek is None:
        raise ImproperlyConfigured(
            f"Key {row.wrapping_key_id!r} is missing from FIELD_KEYS: it still wraps data keys."
        )
    wrapped = bytes(row.wrapped)
    try:
        return kek.decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], f"datakey:{row.pk}".encode()
        )
    except (InvalidTag, ValueError) as exc:
        raise CannotOpen from exc


def new_data_key() -> DataKey:
    """Create and store a fresh data key (one per child)."""
    key_id = uuid.uuid4()
    kek_id, wrapped = _wrap(key_id, AESGCM.generate_key(KEY_BYTES * 8))
    return DataKey.objects.create(id=key_id, wrapped=wrapped, wrapping_key_id=kek_id)


def shred(key: DataKey) -> None:
    """Erase a data key for good. Other processes may still hold it for `CACHE_SECONDS`."""
    key.wrapped = b""
    key.shredded_at = timezone.now()
    key.save(update_fields=["wrapped", "shredded_at"])
    forget_keys()


def rewrap(key: DataKey) -> bool:
    """Wrap a data key anew by the first KEK; False if it already is, or was shredded."""
    if key.shredded_at is not None or key.wrapping_key_id == next(iter(keyring())):
        return False
    key.wrapping_key_id, key.wrapped = _wrap(key.pk, _unwrap(key))
    key.save(update_fields=["wrapped", "wrapping_key_id"])
    return True


def forget_keys() -> None:
    """Empty this process's cache of unwrapped keys."""
    with _cache_lock:
        _cache.clear()


def _cipher(key_id: uuid.UUID) -> AESGCM:
    now = time.monotonic()
    with _cache_lock:
        hit = _cache.get(key_id)
    if hit is not None and hit[1] > now:
        return hit[0]
    # Read outside the lock: a slow database must not stop threads whose key is at hand.
    row = DataKey.objects.filter(pk=key_id).first()
    if row is None:
        raise CannotOpen
    cipher = AESGCM(_unwrap(row))
    with _cache_lock:
        if len(_cache) >= _CACHE_MAX:
            _cache.clear()
        _cache[key_id] = (cipher, now + CACHE_SECONDS)
    return cipher


def _bound_to(table: str, column: str, pk: object) -> bytes:
    return f"{table}:{column}:{pk}".encode()


def seal(plaintext: bytes, *, key_id: uuid.UUID, table: str, column: str, pk: object) -> Sealed:
    """Seal bytes for one cell. `table` is the db_table; CannotOpen if the data key is gone."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(key_id).encrypt(nonce, plaintext, _bound_to(table, column, pk))
    return Sealed(bytes([VERSION]) + key_id.bytes + nonce + sealed)


def open_sealed(sealed: bytes | memoryview, *, table: str, column: str, pk: object) -> bytes:
    """Open what `seal` made for exactly this cell, else CannotOpen."""
    data = bytes(sealed)
    if len(data) < HEADER_BYTES + TAG_BYTES or data[0] != VERSION:
        raise CannotOpen
    cipher = _cipher(uuid.UUID(bytes=data[1:17]))
    try:
        return cipher.decrypt(
            data[17:HEADER_BYTES], data[HEADER_BYTES:], _bound_to(table, column, pk)
        )
    except InvalidTag as exc:
        raise CannotOpen from exc
