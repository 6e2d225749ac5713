"""Where allauth meets our people: who may register, and who needs a verified address."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.broadcast import access_revoked
from accounts.models import User
from accounts.tokens import adult_username


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
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
