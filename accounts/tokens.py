"""Secrets that travel in links: the person holds the token, the database only its hash."""

import hashlib
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 is enough here: the token has 256 random bits and cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def adult_username() -> str:
    return f"a-{secrets.token_hex(12)}"
