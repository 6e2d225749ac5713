"""The second step of the demo's staff: their codes are on a page of the demo, as its e-mails are.

The secrets are made from the names alone and only `load_demo` gives them to anybody: a clinic's
real secrets cannot be shown here.
"""

import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import is_mfa_enabled
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from telehealth.demo_clinic import THERAPISTS

PERIOD = 30
STAFF: tuple[tuple[str, str, str | Promise], ...] = (
    *((row.username, row.name, _("Therapist")) for row in THERAPISTS),
    ("mo", "Mo", _("Moderator")),
    ("pat", "Pat", _("Practice manager")),
)


@dataclass(frozen=True)
class Code:
    username: str
    name: str
    role: str | Promise
    code: str


def secret_of(username: str) -> str:
    digest = hashlib.sha256(f"lantern-demo:{username}".encode()).digest()
    return base64.b32encode(digest[:20]).decode()


def code_of(username: str) -> str:
    return str(format_hotp_value(hotp_value(secret_of(username), int(time.time()) // PERIOD)))


def codes() -> Iterator[Code]:
    for username, name, role in STAFF:
        yield Code(username, name, role, code_of(username))


def seconds_left() -> int:
    return PERIOD - int(time.time()) % PERIOD


def give_second_factor(user: User) -> None:
    """To somebody of the demo's staff; a second time changes nothing."""
    if not is_mfa_enabled(user):
        TOTP.activate(user, secret_of(user.username))
        RecoveryCodes.activate(user)
