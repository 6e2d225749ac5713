"""One's own sign-ins: whether this one still stands, where the others are, ending them."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions
from accounts.models import User
from accounts.sign_in import session_of


@require_http_methods(["GET", "POST"])
def state(request: HttpRequest) -> HttpResponse:
    """For js/idle.js: GET only looks, POST says that somebody is here.

    The token is for the page's forms after signing in again: the old one is worth nothing then.
    """
    if not isinstance(request.user, User):
        return JsonResponse({"person": "", "seconds": 0})
    seconds = session_of(request).seconds_left
    return JsonResponse(
        {"person": str(request.user.pk), "seconds": seconds, "token": get_token(request)}
    )


@login_required
@require_POST
def end(request: HttpRequest, sign_in_id: int) -> HttpResponse:
    actions.end_sign_in(actor=cast("User", request.user), sign_in_id=sign_in_id)
    messages.success(request, _("Signed out there."))
    return redirect("usersessions_list")
