"""What every request of somebody who is signed in meets before its page."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext_lazy as _

from accounts.actions.sign_ins import idled_out, renew
from accounts.models import User
from accounts.sessions import BEGAN, MOVED_TO, RELATIONS, SessionStore
from accounts.sign_in import (
    facts,
    fingerprint,
    has_second_factor,
    needs_second_factor,
    roles_now,
    session_of,
)
from core.errors import CONNECTION_ERRORS, NotVisible
from core.pages import error_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]
AWAY = _("Nothing happened for a while, so we signed you out. Please sign in again.")
FOUND, UNAUTHORIZED = 302, 401
SHORT = 12  # characters: a choice of a list, not somebody's words
# Asked by a script whether somebody is still signed in: that is no sign of a person.
STATE = "sign_in_state"
# What somebody reaches who works here and has no second factor yet: how to get one, help, the door.
BEFORE_THE_SECOND_FACTOR = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "card",
        "emergency_help",
        "invitation",
        "livez",
        "readyz",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        STATE,
        "demo_codes",
        "mailbox",
        "mailbox_message",
        "mailbox_attachment",
    }
)
# No page shows these words again, wherever they were typed.
NEVER_SHOWN = ("csrf", "password", "passphrase", "code", "credential", "token")


def second_factor(get_response: GetResponse) -> GetResponse:
    """Who works here proves it twice before any page; a child never gets a lock it could lose."""

    def process_view(
        request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        user = request.user
        match = request.resolver_match
        name = match.url_name if match else None
        if not isinstance(user, User):
            return None
        if str(name).startswith("mfa_") and "child" in roles_now(user):
            return error_response(request, NotVisible())
        if has_second_factor(request) or not needs_second_factor(user):
            return None
        request.lacks_second_factor = True  # type: ignore[attr-defined]  # the shell leaves ways out
        if name in BEFORE_THE_SECOND_FACTOR:
            return None
        return redirect("mfa_index")

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def sign_in(get_response: GetResponse) -> GetResponse:
    """Keeps a sign-in alive, ends an idle one with a sentence, renews it when roles changed."""

    def process_view(request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> None:
        match = request.resolver_match
        only_looks = request.method == "GET" and match is not None and match.url_name == STATE
        if isinstance(request.user, User) and not only_looks:
            session_of(request).stay()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            was_away = _settle(request)
        except CONNECTION_ERRORS as exc:
            return error_response(request, exc)
        response = get_response(request)
        return _with_words(request, response) if was_away else response

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def _settle(request: HttpRequest) -> bool:
    """True if the sign-in this browser still names ended because nothing happened."""
    if isinstance(request.user, User):
        _keep(request, request.user)
        return False
    return _ended(request)


def _keep(request: HttpRequest, user: User) -> None:
    session = session_of(request)
    if (new := session.get(MOVED_TO)) is not None:
        session = SessionStore(new)
        request.session = session
        if SESSION_KEY not in session:  # signed out meanwhile
            request.user = AnonymousUser()
            return
        session.modified = True  # the browser hears of the new key, whichever answer comes last
    known = session.get(RELATIONS)
    if known != fingerprint(user):
        session.update(facts(user) | ({BEGAN: session[BEGAN]} if BEGAN in session else {}))
        if known is not None:
            renew(session=session)


def _ended(request: HttpRequest) -> bool:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not key or session_of(request).session_key is not None or not idled_out(key=key):
        return False
    if request.method == "GET" and not request.headers.get("X-Requested-With"):
        messages.info(request, AWAY)
    return True


def _with_words(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Somebody sent a form after the time: the words they typed come back, to be copied."""
    to_sign_in = resolve_url(settings.LOGIN_URL)
    turned_away = response.status_code == FOUND and response["Location"].startswith(to_sign_in)
    if request.method != "POST" or not turned_away:
        return response
    words = [
        value
        for name, values in request.POST.lists()
        if not any(part in name.lower() for part in NEVER_SHOWN)
        for value in values
        if len(value) > SHORT
    ]
    context = {"words": words, "sign_in_url": to_sign_in, "message": AWAY}
    return render(request, "accounts/away.html", context, status=UNAUTHORIZED)
