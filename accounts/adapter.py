"""Where allauth meets our people: who may register, and who needs a verified address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import EmailVerificationStage
from django.http import HttpRequest

from accounts.models import Child, User
from accounts.tokens import adult_username


class AdultsVerifyTheirAddress(EmailVerificationStage):  # type: ignore[misc]
    """A child has no address to verify: the guardian who made the sign-in vouches for it."""

    def handle(self) -> Any:
        user = self.login.user
        if not user.email and Child.objects.filter(user=user).exists():
            return None, True
        return super().handle()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def get_login_stages(self) -> list[str]:
        ours = f"{AdultsVerifyTheirAddress.__module__}.{AdultsVerifyTheirAddress.__name__}"
        return [
            ours if path.endswith(".EmailVerificationStage") else path
            for path in super().get_login_stages()
        ]

    def populate_username(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002
        """Adults sign in by address; the username only has to be unique and says nothing."""
        user.username = user.username or adult_username()
