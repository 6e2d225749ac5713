"""The child's printed card: its page for who looks after the sign-in, and its own door."""

from typing import cast
from uuid import UUID

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.logout import logout
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.access import Verb, get_child_for
from accounts.actions.cards import ready_card
from accounts.actions.reads import saw
from accounts.errors import CardNotValid
from accounts.limits import slow_guessing
from accounts.mfa import qr_image
from accounts.models import User
from accounts.selectors import open_card
from accounts.sign_in import recently_authenticated, whoever


@login_required
@require_GET
def scan_card(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    saw(user, "sign_in.view", child)
    context = {"child": child, "card": open_card(child)}
    return render(request, "accounts/scan_card.html", context)


@recently_authenticated
@require_POST
def make(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """The answer itself is the card: its token is kept nowhere on the way to the printer."""
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    saw(user, "sign_in.view", child)
    _card, token = actions.make_card(actor=user, child=child)
    address = settings.PUBLIC_ORIGIN + reverse("card", args=[token])
    context = {"child": child, "qr": qr_image(address)}
    return render(request, "accounts/scan_card_print.html", context)


@login_required
@require_POST
def arm(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    actions.arm_card(actor=user, child=child)
    messages.success(request, _("The card works again, once."))
    return redirect("scan_card", child_id)


@login_required
@require_POST
def end(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    actions.end_card(actor=user, child=child)
    messages.success(request, _("The card opens nothing any more."))
    return redirect("scan_card", child_id)


@login_required
@require_POST
def unlock(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    actions.unlock_child(actor=user, child=child)
    messages.success(request, _("They can try again now."))
    return redirect("child_detail", child_id)


@require_http_methods(["GET", "POST"])
def card(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the address changes nothing (telephones fetch it for a preview); pressing does."""
    if ready_card(token) is None:
        return _refused(request, token)
    if request.method == "GET":
        response = render(request, "accounts/card.html", {"voice": "child"})
        response["Referrer-Policy"] = "no-referrer"  # the token is in the address
        return response
    try:
        child = actions.use_card(token=token)
    except CardNotValid:
        return _refused(request, token)
    logout(request, show_message=False)  # a grown-up's own sign-in must not stay below
    record_authentication(request, child.user, "card")
    return cast("HttpResponse", perform_login(request, Login(user=child.user)))


def _refused(request: HttpRequest, token: str) -> HttpResponse:
    slow_guessing(request, "link_refused")
    return actions.refuse_card(actor=whoever(request), token=token)
