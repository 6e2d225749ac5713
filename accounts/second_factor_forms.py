"""allauth.mfa's forms in our words (`MFA_FORMS`)."""

from typing import Any, ClassVar

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as theirs
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from accounts.sign_in_forms import OurWords

# Longer than a code counts, with the tolerance on both sides.
USED_SECONDS = 120
DIGITS = {"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}


class Code(OurWords):
    words: ClassVar[dict[str, Any]] = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= DIGITS


class OnceOnly(Code):
    """Who looks over a shoulder cannot use the same code after its owner."""

    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        key = f"second-factor.used.{self.user.pk}.{code.strip()[:12]}"
        is_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_app and not cache.add(key, value=True, timeout=USED_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceOnly, theirs.AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(OnceOnly, theirs.ReauthenticateForm):  # type: ignore[misc]
    pass


class FirstCodeForm(Code, ActivateTOTPForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {"code": _("The code your app shows now")}


class AddPasskeyForm(OurWords, AddWebAuthnForm):  # type: ignore[misc]
    """Always one that can sign in alone: the device asks for a finger, a face or a PIN."""

    words: ClassVar[dict[str, Any]] = {"name": _("What shall we call it?")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        self.fields["name"].help_text = _("For example: my work laptop.")
