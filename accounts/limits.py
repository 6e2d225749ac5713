"""Limits of guessing at a child's or an adult's sign-in, kept in the shared cache.

allauth counts; these are the names it counts under. Unlocking somebody gives their name a new
number, so that what was counted before, from whichever networks, is counted under another name.
"""

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

from core.errors import TooMany

# Longer than the longest limit: a forgotten number would bring old counts back.
DAYS = 2 * 24 * 60 * 60


def spelled(name: object) -> str:
    """One spelling for all that the database takes for the same name: it compares by UPPER()."""
    return str(name or "").strip().upper()


def counted_name(name: object) -> str:
    """The name as the limits count it, since it was last unlocked."""
    known = spelled(name)
    turn = cache.get(f"sign-in.unlocked.{_key(known)}", 0)
    return f"{known}|{turn}" if turn else known


def unlock_name(name: str) -> None:
    key = _key(spelled(name))
    cache.set(f"sign-in.unlocked.{key}", int(cache.get(f"sign-in.unlocked.{key}", 0)) + 1, DAYS)
    cache.delete(f"sign-in.locked.{key}")


def note_locked(name: object) -> None:
    cache.set(f"sign-in.locked.{_key(spelled(name))}", value=True, timeout=5 * 60)


def is_locked(name: str) -> bool:
    """Somebody was refused within the last minutes because of too many wrong tries."""
    return bool(cache.get(f"sign-in.locked.{_key(spelled(name))}", False))


def _key(known: str) -> str:
    return known.encode().hex()[:120]


def slow_guessing(request: HttpRequest, action: str) -> None:
    """TooMany for a network that tries one link after another (`ACCOUNT_RATE_LIMITS`)."""
    if not ratelimit.consume(request, app="allauth.account", action=action, limit_get=True):
        raise TooMany
