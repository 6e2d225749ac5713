"""Where allauth meets our people: who may register, and who needs a verified address."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.broadcast import access_revoked
from accounts.models import User
from accounts.tokens import adult_username

# One sentence for a wrong name and a wrong password, so that neither can be probed.
MISMATCH = _("Those two do not fit together. Please try both again.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": MISMATCH,
        "username_password_mismatch": MISMATCH,
    }

    def get_login_stages(self) -> list[str]:
        ours = "accounts.stages.AdultsVerifyTheirAddress"  # by name: allauth imports this module
        return [
            ours if path.endswith(".EmailVerificationStage") else path
            for path in super().get_login_stages()
        ]

    def populate_username(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002
        """Adults sign in by address; the username only has to be unique and says nothing."""
        user.username = user.username or adult_username()

    def logout(self, request: HttpRequest) -> None:
        """Sockets must not outlive signing out; the bell rings once the sign-in is gone."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            access_revoked([user.pk], user.pk)
