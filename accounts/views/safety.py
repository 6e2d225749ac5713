"""What safety asks for: keeping something from one guardian, break-glass, the lead's page."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.access import Verb, get_child_for, has_role
from accounts.access_family import (
    check_lead,
    get_flag_for,
    get_opening_for,
    visible_flags,
    visible_openings,
)
from accounts.actions.reads import saw
from accounts.family_forms import BreakGlassForm, FlagForm, ReviewFlagForm, SeenForm
from accounts.family_pages import links_of
from accounts.models import Role, User
from accounts.sign_in import recently_authenticated
from accounts.views.belonging import page
from core.errors import NotVisible
from core.pages import attempt, respond

SHOWN = 50


@login_required
@require_POST
def risk_flag(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.TREAT)
    form = FlagForm(links_of(child), request.POST)
    if form.is_valid():
        data = form.cleaned_data
        if attempt(
            form,
            lambda: actions.flag_guardian(
                actor=user,
                child=child,
                guardian=data["guardian"].guardian,
                hides=data["hides"],
                reason=data["reason"],
            ),
        ):
            messages.success(request, _("Kept from them now. A second clinician looks at it."))
            return redirect("child_people", child_id)
    return page(request, child_id, flag_form=form)


@login_required
@require_http_methods(["GET", "POST"])
def risk_review(request: HttpRequest, flag_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    flag = get_flag_for(user, flag_id)
    form = ReviewFlagForm(request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form, lambda: actions.review_flag(actor=user, flag=flag, keep=form.cleaned_data["keep"])
        )
        is not None
    ):
        messages.success(request, _("Saved."))
        lead = has_role(user, Role.SAFEGUARDING_LEAD)
        return redirect("safety") if lead else redirect("child_people", flag.child_id)
    saw(user, "people.view", flag.child)
    context = {"flag": flag, "form": form, "own": flag.set_by_id == user.pk}
    return respond(request, "accounts/risk_review.html", context)


@recently_authenticated
@require_http_methods(["GET", "POST"])
def break_glass(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if not has_role(user, Role.THERAPIST):
        raise NotVisible
    form = BreakGlassForm(request.POST or None)
    if form.is_valid():
        opening = attempt(form, lambda: actions.break_glass(actor=user, **form.cleaned_data))
        if opening is not None:
            messages.success(request, _("Open for four hours. The safeguarding lead is told."))
            return redirect("child_detail", opening.child_id)
    return respond(request, "accounts/break_glass.html", {"form": form})


@login_required
@require_GET
def safety(request: HttpRequest) -> HttpResponse:
    """For the lead: what waits for a second look, and who opened a record in an emergency."""
    user = cast("User", request.user)
    check_lead(user)
    flags = list(visible_flags(user).order_by("reviewed_at", "review_due_at")[:SHOWN])
    openings = list(visible_openings(user).order_by("-started_at")[:SHOWN])
    saw(user, "list.view", [flag.child for flag in flags] + [row.child for row in openings])
    context = {
        "waiting": [flag for flag in flags if flag.reviewed_at is None],
        "reviewed": [flag for flag in flags if flag.reviewed_at is not None],
        "unseen": [row for row in openings if row.seen_at is None],
        "seen": [row for row in openings if row.seen_at is not None],
    }
    return respond(request, "accounts/safety.html", context)


@login_required
@require_POST
def opening_seen(request: HttpRequest, opening_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    opening = get_opening_for(user, opening_id)
    form = SeenForm(request.POST)
    if form.is_valid():
        actions.acknowledge_opening(actor=user, opening=opening, **form.cleaned_data)
        messages.success(request, _("Saved."))
    return redirect("safety")


@login_required
@require_POST
def opening_close(request: HttpRequest, opening_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    actions.close_opening(actor=user, opening=get_opening_for(user, opening_id))
    messages.success(request, _("It is closed."))
    return redirect("safety")
