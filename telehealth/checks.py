"""What must not run as a clinic.

`refusals` are sentences that stop a production start while settings load: nothing answers, not
even a health check. The system checks below are what `manage.py check --deploy` adds to Django's.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004

from telehealth.embedded.keys import DEMO_KEY_ID, KEY_FILE_NAME
from telehealth.help_lines import BY_CODE

SHORTEST_SECRET = 50
FIELD_KEY_BYTES = 32
NOT_OURS = ("demo-", "only-for-tests", "django-insecure", "change-me", "changeme")
MAIL_GOES_NOWHERE = ("console", "mailbox", "locmem", "dummy", "filebased")


def refusals(values: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """Sentences saying why these settings must not start as a clinic; none means they may.

    `values` are settings by name, with DEBUG and DEMO as the environment asks for them.
    """
    if values["DEBUG"]:
        yield "DEBUG must not be set in production."
    if values["DEMO"]:
        yield "DEMO must not be set in production."
    for name, value in environment.items():
        if name.endswith("_FILE") and PurePath(value).name == KEY_FILE_NAME:
            yield f"{name} points at the demo's key file. Make secrets of your own (see README)."
    yield from _origin_refusals(values)
    secret = values["SECRET_KEY"]
    if len(secret) < SHORTEST_SECRET or any(part in secret for part in NOT_OURS):
        yield "SECRET_KEY must be a secret of your own, 50 characters or more."
    yield from _field_key_refusals(values["FIELD_KEYS"])
    if values["CLINIC_COUNTRY"] not in BY_CODE:
        yield (
            "CLINIC_COUNTRY must be one of "
            f"{', '.join(sorted(BY_CODE))}: it decides which emergency number is shown first."
        )


def _origin_refusals(values: Mapping[str, Any]) -> Iterator[str]:
    origin = urlsplit(values["PUBLIC_ORIGIN"])
    if origin.scheme != "https" or not origin.hostname or origin.path not in {"", "/"}:
        yield "PUBLIC_ORIGIN must be https://your.domain: children's words travel over it."
    elif urlsplit(values["SOCKET_ORIGIN"]).scheme != "wss":
        yield "SOCKET_ORIGIN must be wss://your.domain: children's words travel over it."
    if not values["ALLOWED_HOSTS"] or "*" in values["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS must name your domain, and no other."


def _field_key_refusals(text: str) -> Iterator[str]:
    # Never quote a part: it may be a key with a typing error.
    parts = [part.strip() for part in text.split(",")]
    ids = [part.partition(":")[0] for part in parts]
    if not all(_is_field_key(part) for part in parts) or len(set(ids)) != len(ids):
        yield "FIELD_KEYS must be 'id:base64 of 32 bytes' parts with unique ids, comma separated."
    elif {DEMO_KEY_ID, "test", "build"} & set(ids):
        yield "FIELD_KEYS holds the demo's or the tests' key. Make one of your own (see README)."
    elif any(len(set(base64.b64decode(part.partition(":")[2]))) == 1 for part in parts):
        yield "FIELD_KEYS holds a key that is no secret. Make one of your own (see README)."


def _is_field_key(part: str) -> bool:
    key_id, _, encoded = part.partition(":")
    try:
        return bool(key_id) and len(base64.b64decode(encoded, validate=True)) == FIELD_KEY_BYTES
    except binascii.Error:
        return False


@register(Tags.security, deploy=True)
def mail_reaches_people(**_kwargs: Any) -> list[CheckMessage]:
    if any(word in settings.EMAIL_BACKEND for word in MAIL_GOES_NOWHERE):
        return [
            Error(
                "EMAIL_BACKEND sends nothing: families would never be reminded.",
                hint="Set EMAIL_BACKEND and EMAIL_URL to your mail provider.",
                id="telehealth.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def video_is_relayed(**_kwargs: Any) -> list[CheckMessage]:
    if not (settings.TURN_URLS and settings.TURN_SECRET and settings.RELAY_ONLY):
        return [
            Warning(
                "Video is not relayed: the other side of a call can see a family's home address.",
                hint="Set TURN_URLS and TURN_SECRET, and leave RELAY_ONLY on.",
                id="telehealth.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def visitors_are_told_apart(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return [
            Warning(
                "Everybody seems to come from the proxy's address: whoever guesses at passwords "
                "locks all families out.",
                hint="Set TRUSTED_PROXY_COUNT to the number of proxies in front (1 with Compose).",
                id="telehealth.W002",
            )
        ]
    return []
