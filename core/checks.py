"""System checks: a missing key stops the process at start, in one sentence."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from core.encryption import keyring


@register("security")
def field_keys_are_usable(**_kwargs: Any) -> list[CheckMessage]:
    """FIELD_KEYS parses and holds at least one 256-bit key."""
    try:
        keyring()
    except ImproperlyConfigured as exc:
        return [Error(str(exc), id="core.E001")]
    return []
