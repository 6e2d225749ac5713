"""Where allauth meets our people: who may register, and who needs a verified address."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from anymail.exceptions import AnymailAPIError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.actions.consent import truncated
from accounts.broadcast import access_revoked
from accounts.models import User
from accounts.tokens import adult_username
from core.errors import Busy

# One sentence for a wrong name and a wrong password, so that neither can be probed.
MISMATCH = _("Those two do not fit together. Please try both again.")

NO_MAIL = _("We could not send you an e-mail just now. Please sign in again in a few minutes.")


def tried_name(credentials: dict[str, Any]) -> str:
    """One spelling for all that the database takes for the same name: it compares by UPPER()."""
    return str(credentials.get("email") or credentials.get("username") or "").strip().upper()


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

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whose name was tried from which network. allauth's own key holds the Host header, which
        a guesser may vary; and one name alone would let anybody shut a child out of a session.
        """
        return f"{tried_name(credentials)}|{truncated(self.get_client_ip(request))}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Beside the limit per network a wide one for each name, however many networks guess."""
        super().pre_authenticate(request, **credentials)
        anywhere = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed_anywhere",
            key=tried_name(credentials),
        )
        if not anywhere:
            raise self.validation_error("too_many_login_attempts")
        # A successful sign-in gives both back.
        self._login_failed_rl_usage.usage.extend(anywhere.usage)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's letters go out at once, unlike ours: no mail server means "one moment"."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, AnymailAPIError) as exc:  # smtplib's errors are OSErrors
            raise Busy(NO_MAIL) from exc

    def populate_username(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002
        """Adults sign in by address; the username only has to be unique and says nothing."""
        user.username = user.username or adult_username()

    def logout(self, request: HttpRequest) -> None:
        """Sockets must not outlive signing out; the bell rings once the sign-in is gone."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            access_revoked([user.pk], user.pk)
