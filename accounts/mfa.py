"""The second factor (allauth.mfa): its secrets are sealed, and who works here keeps one."""

import base64
import binascii
from typing import Any, ClassVar

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.sign_in import needs_second_factor
from core.encryption import CannotOpen, new_data_key, open_sealed, seal

# allauth seals before it knows the row: bound to the column only.
CELL = {"table": Authenticator._meta.db_table, "column": "data", "pk": "secret"}
WRONG_CODE = gettext_lazy("That is not the right code. Codes change every 30 seconds.")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": WRONG_CODE,
        "cannot_delete_authenticator": gettext_lazy(
            "Your work here needs a second step at sign-in. Add another one before you remove this."
        ),
    }

    def encrypt(self, text: str) -> str:
        """A data key of its own each, so that `rewrap_keys` changes the key around it."""
        sealed = seal(text.encode(), key_id=new_data_key().pk, **CELL)
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            sealed = base64.b64decode(encrypted_text, validate=True)
        except binascii.Error as exc:
            raise CannotOpen from exc
        return open_sealed(sealed, **CELL).decode()

    def get_totp_issuer(self) -> str:
        return str(settings.CLINIC_NAME)

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002, ARG002
        return _("My passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = context.request.get_host().partition(":")[0]
        return {"id": host, "name": settings.CLINIC_NAME}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        return others.exclude(pk=authenticator.pk).exists() or not needs_second_factor(
            authenticator.user
        )


def qr_image(text: str) -> str:
    """A QR code as the address of an image: the policy for styles refuses SVG in the page."""
    svg: Any = DefaultMFAAdapter().build_totp_svg(text)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
