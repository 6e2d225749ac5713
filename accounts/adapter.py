"""Where allauth meets our people: who may register, and who needs a verified address."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from anymail.exceptions import AnymailAPIError
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.actions.consent import truncated
from accounts.actions.sign_ins import end_sign_ins
from accounts.broadcast import access_revoked
from accounts.limits import counted_name, note_locked, spelled
from accounts.models import User
from accounts.sign_in import facts, is_fresh
from accounts.tokens import adult_username
from core.errors import Busy

# One sentence for a wrong name and a wrong password, so that neither can be probed.
MISMATCH = _("Those two do not fit together. Please try both again.")

LOCKED = _(
    "That was a lot of wrong tries. Please wait five minutes. A young person can also ask a "
    "grown-up at home, or their therapist, to let them try again now."
)

NO_MAIL = _("We could not send you an e-mail just now. Please sign in again in a few minutes.")


def tried_name(credentials: dict[str, Any]) -> str:
    return spelled(credentials.get("email") or credentials.get("username"))


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": MISMATCH,
        "username_password_mismatch": MISMATCH,
        "too_many_login_attempts": LOCKED,
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
        return f"{counted_name(tried_name(credentials))}|{truncated(self.get_client_ip(request))}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Beside the limit per network a wide one for each name, however many networks guess."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            note_locked(tried_name(credentials))
            raise
        anywhere = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed_anywhere",
            key=counted_name(tried_name(credentials)),
        )
        if not anywhere:
            note_locked(tried_name(credentials))
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

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        request.session.update(facts(user))

    def set_password(self, user: User, password: str) -> None:
        """By its owner, or by a link from an e-mail: every other device is asked again."""
        user.set_password(password)
        user.save(update_fields=["password"])
        request = context.request
        mine = request.session.session_key if request.user == user else None
        end_sign_ins(actor=user, user=user, but=mine)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has just signed in is not asked the same again."""
        if is_fresh(context.request):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def logout(self, request: HttpRequest) -> None:
        """Sockets must not outlive signing out; the bell rings once the sign-in is gone."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            access_revoked([user.pk], user.pk)
