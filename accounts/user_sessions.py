"""allauth's "sign out everywhere else" by our own action: sockets close, the trail has a row."""

from collections.abc import Iterable

from allauth.core import context
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession

from accounts.actions.sign_ins import end_sign_ins


class UserSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, sessions: Iterable[UserSession]) -> None:  # noqa: ARG002
        request = context.request
        end_sign_ins(actor=request.user, user=request.user, but=request.session.session_key)
