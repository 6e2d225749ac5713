"""Signing in as a child, one's own profile, and staff."""

from typing import Any, cast

from allauth.account.views import LoginView, email
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import actions
from accounts.access import check_adult, has_role
from accounts.actions.staff import usable
from accounts.errors import InvitationNotValid
from accounts.forms import AcceptForm, InviteForm, ProfileForm
from accounts.limits import slow_guessing
from accounts.models import Role, User
from accounts.selectors import staff_list
from accounts.sign_in import recently_authenticated, whoever
from accounts.sign_in_forms import ChildLoginForm
from core.errors import NotVisible
from core.pages import attempt, respond


class ChildLoginView(LoginView):  # type: ignore[misc]
    """allauth's sign-in (rate limits and all) in a child's words."""

    template_name = "accounts/child_sign_in.html"
    extra_context = {"voice": "child"}  # Django's name; never written to

    def get_form_class(self) -> type[ChildLoginForm]:
        return ChildLoginForm


child_sign_in = ChildLoginView.as_view()


@recently_authenticated
@require_http_methods(["GET", "POST"])
def email_addresses(request: HttpRequest) -> HttpResponse:
    """allauth's page, for adults: a child's sign-in never has an address (SAFETY.md)."""
    check_adult(cast("User", request.user))
    return cast("HttpResponse", email(request))


def minutes(value: Any) -> int | None:
    return None if value is None else value.hour * 60 + value.minute


def clock(value: int | None) -> str:
    return "" if value is None else f"{value // 60:02d}:{value % 60:02d}"


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ProfileForm(
        request.POST or None,
        initial={
            "display_name": user.display_name,
            "time_zone": user.time_zone,
            "theme": user.theme,
            "quiet_from": clock(user.quiet_from),
            "quiet_until": clock(user.quiet_until),
        },
    )
    if form.is_valid():
        data = form.cleaned_data
        data["quiet_from"], data["quiet_until"] = (
            minutes(data["quiet_from"]),
            minutes(data["quiet_until"]),
        )
        if attempt(form, lambda: actions.save_profile(actor=user, **data)):
            messages.success(request, _("Saved."))
            return redirect("profile")
    return respond(request, "accounts/profile.html", {"form": form})


def manager(request: HttpRequest) -> User:
    user = cast("User", request.user)
    if not has_role(user, Role.MANAGER):
        raise NotVisible
    return user


@login_required
@require_GET
def staff(request: HttpRequest) -> HttpResponse:
    manager(request)
    return respond(request, "accounts/staff.html", {"staff": staff_list()})


@recently_authenticated
@require_http_methods(["GET", "POST"])
def staff_invite(request: HttpRequest) -> HttpResponse:
    user = manager(request)
    form = InviteForm(request.POST or None)
    link = ""
    if form.is_valid():
        made = attempt(form, lambda: actions.invite_staff(actor=user, **form.cleaned_data))
        if made is not None:
            link = request.build_absolute_uri(reverse("invitation", args=[made[1]]))
    return respond(request, "accounts/staff_invite.html", {"form": form, "link": link})


def accept(request: HttpRequest, token: str, form: AcceptForm) -> User:
    """A link that somebody else used while this form was filled in is refused like any other."""
    try:
        return actions.accept_invitation(token=token, **form.cleaned_data)
    except InvitationNotValid:
        actions.refuse_invitation(actor=whoever(request), token=token)


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = usable(token)
    if found is None:
        slow_guessing(request, "link_refused")
        actions.refuse_invitation(actor=whoever(request), token=token)
    form = AcceptForm(request.POST or None)
    if form.is_valid() and attempt(form, lambda: accept(request, token, form)) is not None:
        messages.success(request, _("Welcome. Please sign in with your e-mail address."))
        return redirect("account_login")
    context = {
        "form": form,
        "role": found.get_role_display(),
        "asks_title": found.role == Role.THERAPIST,
    }
    response = respond(request, "accounts/invitation.html", context)
    response["Referrer-Policy"] = "no-referrer"  # the token is in the address
    return response
