"""Refusals a person may read: what happened, and what to do now.

A `DomainError` carries a stable `code` for machines, an HTTP `status` for pages and a `message`
for people. Apps subclass it in their own `errors.py`. Messages name no other person and no value
from a record: they end up on screens that others can see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import redis.exceptions
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class DomainError(Exception):
    """The one base of every refusal. `status` is 4xx/5xx, `message` a translatable sentence."""

    code: str = "refused"
    status: int = 422
    message: str | _StrPromise = _(
        "That did not work. Please check what you entered and try again."
    )

    def __init__(self, message: str | _StrPromise | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.code)  # the log gets the code, never the sentence

    def __str__(self) -> str:
        return str(self.message)


class NotVisible(DomainError):
    """It does not exist, or not for this person: both look the same, so ids cannot be probed."""

    code = "not_found"
    status = 404
    message = _("We could not find that page. It may have moved, or it is not yours to open.")


class Refused(DomainError):
    """The person may see the thing, but not do this to it."""

    code = "refused"
    status = 403
    message = _("You cannot do that here. If you think you should, please ask your clinic.")


class Stale(DomainError):
    """Somebody (often the same person in another tab) changed it first."""

    code = "stale"
    status = 409
    message = _("This changed while you were looking at it. Please check it and try again.")


class Busy(DomainError):
    """A part of the machinery is away for a moment; trying again is the right answer."""

    code = "one_moment"
    status = 503
    message = _("Something does not answer just now. Please try again in a few seconds.")


class TooMany(DomainError):
    """More than a person could mean: a flood, or a stuck key."""

    code = "too_many"
    status = 429
    message = _("That was a lot at once. Please wait a moment, then try again.")


class Broken(DomainError):
    """Our fault. Nothing about the cause reaches the page."""

    code = "broken"
    status = 500
    message = _("Something went wrong on our side. We have noted it. Please try again later.")


class ErrorPayload(TypedDict):
    """What a socket sends for an error; the same words as the page would show."""

    type: str
    code: str
    message: str


# redis-py's own TimeoutError is no ConnectionError, and neither is the builtin one.
CONNECTION_ERRORS = (
    OperationalError,
    InterfaceError,
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
)


def as_domain_error(exc: BaseException) -> DomainError:
    """Translate any exception; what we do not know becomes `Broken`, so no detail leaks."""
    if isinstance(exc, DomainError):
        return exc
    if isinstance(exc, CONNECTION_ERRORS):
        return Busy()
    if isinstance(exc, Http404):
        return NotVisible()
    if isinstance(exc, PermissionDenied):
        return Refused()
    return Broken()


def as_payload(exc: BaseException) -> ErrorPayload:
    """The error a socket sends: `{"type": "error", "code": ..., "message": ...}`."""
    error = as_domain_error(exc)
    return {"type": "error", "code": error.code, "message": str(error.message)}
