"""What holds for the sign-in a request came with: whose it is, how it began, how long it lasts."""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts.access import relations_of, roles_of
from accounts.models import Child, Role, User
from accounts.sessions import BEGAN, IDLE_SECONDS, RELATIONS, SessionStore
from core.actors import Actor, SystemActor
from core.encryption import CannotOpen, open_sealed, seal

View = Callable[..., HttpResponse]
STAFF = frozenset(Role.values)
SECOND_FACTOR = "mfa"
WORDS_CELL = {"table": "django_session", "column": "session_data"}
# A form may be filled in for this long after its page was opened.
TYPING_SECONDS = 30 * 60


def relations_now(user: User) -> list[tuple[str, str]]:
    """Read once per request's user object."""
    cached = _known(user)
    if cached is None:
        cached = relations_of(user)
        user._relations_now = cached  # type: ignore[attr-defined]  # noqa: SLF001
    return cached


def roles_now(user: User) -> frozenset[str]:
    return frozenset(role for role, _row in relations_now(user))


def roles_when_acting(user: User) -> list[str]:
    """For the trail: the roles with which this request began; asked anew outside of one."""
    return list(dict.fromkeys(role for role, _row in _known(user) or relations_of(user)))


def _known(user: User) -> list[tuple[str, str]] | None:
    return getattr(user, "_relations_now", None)


def idle_seconds(user: User) -> int:
    """How long nothing may happen; who works here and has a family as well has the shorter time."""
    roles, minutes = roles_now(user), settings.IDLE_MINUTES
    if roles & STAFF:
        return int(minutes["staff"] * 60)
    return int(minutes["child" if "child" in roles else "guardian"] * 60)


def fingerprint(user: User) -> str:
    """Of what gives this person rights here: another one means that their roles changed."""
    rows = sorted(f"{role}:{row}" for role, row in relations_now(user))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def facts(user: User) -> dict[str, Any]:
    """What a sign-in keeps about its beginning."""
    return {
        IDLE_SECONDS: idle_seconds(user),
        RELATIONS: fingerprint(user),
        BEGAN: int(time.time()),
    }


def whoever(request: HttpRequest) -> Actor:
    """For the trail of doors that are open to everybody."""
    return request.user if isinstance(request.user, User) else SystemActor("visitor")


def session_of(request: HttpRequest) -> SessionStore:
    return cast("SessionStore", request.session)


def sealed_words(child: Child, words: str) -> str:
    """A child's new words on their way to the page that shows them once: sessions are readable."""
    sealed = seal(words.encode(), key_id=child.data_key_id, pk=child.pk, **WORDS_CELL)
    return base64.b64encode(sealed).decode()


def open_words(child: Child, sealed: str) -> str:
    """Nothing for another child's, and for nothing."""
    try:
        return open_sealed(base64.b64decode(sealed), pk=child.pk, **WORDS_CELL).decode()
    except CannotOpen:
        return ""


# --- the second factor --------------------------------------------------------------------------


def has_second_factor(request: HttpRequest) -> bool:
    """This sign-in proved more than a password: a code, a passkey, a recovery code."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == SECOND_FACTOR for record in records)


def needs_second_factor(user: User) -> bool:
    """Who works here opens pages with children's data (SAFETY.md)."""
    return bool(roles_now(user) & STAFF)


def fully_signed_in(user: User, session: Mapping[str, Any]) -> bool:
    """The same for a socket, which has no request."""
    records = session.get("account_authentication_methods") or []
    proved = any(record.get("method") == SECOND_FACTOR for record in records)
    return proved or STAFF.isdisjoint(roles_of(user))


# --- before something dangerous -------------------------------------------------------------------


def proved_seconds_ago(request: HttpRequest) -> float:
    """Since this person last typed a password or code or used a passkey; endless for nobody."""
    records = get_authentication_records(request, request.user)
    return time.time() - max((record.get("at", 0) for record in records), default=0)


def is_fresh(request: HttpRequest) -> bool:
    return proved_seconds_ago(request) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def recently_authenticated(view: View) -> View:
    """For doors to dangerous acts: whoever finds an open screen is asked who they are first.

    What was typed is never kept on the way (allauth would put it into the session, readable): the
    page asks before it shows its form, and the form may then be sent for `TYPING_SECONDS` more.
    """

    @login_required
    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        allowed = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        if request.method not in {"GET", "HEAD"}:
            allowed += TYPING_SECONDS
        if proved_seconds_ago(request) < allowed:
            return view(request, *args, **kwargs)
        query = urlencode({"next": _way_back(request)})
        return redirect(f"{reverse('account_reauthenticate')}?{query}")

    return asked


def _way_back(request: HttpRequest) -> str:
    """The page itself, or the one whose button was pressed."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return "/" + came_from.partition("//")[2].partition("/")[2]
    return reverse("home")
