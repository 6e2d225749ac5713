"""Encryption at rest: keys and sealed bytes (`keys`), model fields (`fields`)."""

from core.encryption.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField
from core.encryption.keys import (
    CannotOpen,
    Sealed,
    forget_keys,
    keyring,
    new_data_key,
    open_sealed,
    rewrap,
    seal,
    shred,
)

__all__ = [
    "CannotOpen",
    "EncryptedBytesField",
    "EncryptedJSONField",
    "EncryptedTextField",
    "Sealed",
    "forget_keys",
    "keyring",
    "new_data_key",
    "open_sealed",
    "rewrap",
    "seal",
    "shred",
]
