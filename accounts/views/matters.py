"""What consent waits for, for the care team and the safeguarding lead."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import actions
from accounts.access import (
    Verb,
    check_settles,
    get_child_for,
    get_matter_for,
    visible_matters,
    visible_questions,
)
from accounts.actions.reads import saw
from accounts.consent_rules import Who
from accounts.forms import ReviewForm, SettleForm
from accounts.models import MatterKind, User
from accounts.selectors import consent_status, people_around
from core.pages import attempt, respond


@login_required
@require_GET
def consent_matters(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    check_settles(user)
    matters = list(visible_matters(user).defer("words").order_by("opened_at"))
    questions = list(visible_questions(user).order_by("answered_at"))
    shown = [matter.child for matter in matters] + [asked.child for asked in questions]
    saw(user, "list.view", shown)
    context = {
        "matters": matters,
        "questions": questions,
        "review": MatterKind.REVIEW,
    }
    return respond(request, "accounts/consent_matters.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def consent_review(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.SETTLE)
    consent = consent_status(child)
    asked = consent.asks(Who.GUARDIAN, Who.GUARDIANS)
    form = ReviewForm(request.POST or None, guardians_sign=asked)
    if (
        form.is_valid()
        and attempt(
            form, lambda: actions.review_consent(actor=user, child=child, **form.cleaned_data)
        )
        is not None
    ):
        messages.success(request, _("Saved. The family is told that there is news."))
        return redirect("consent_matters")
    saw(user, "consent.view", child)
    guardians, _team = people_around(child)
    context = {
        "form": form,
        "child": child,
        "consent": consent,
        "guardians": guardians,
    }
    return respond(request, "accounts/consent_review.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def consent_settle(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    matter = get_matter_for(user, matter_id, MatterKind.DISPUTE)
    form = SettleForm(request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.settle_dispute(
                actor=user, matter=matter, reason=form.cleaned_data["reason"]
            ),
        )
        is not None
    ):
        messages.success(request, _("Saved. The family is told that there is news."))
        return redirect("consent_matters")
    saw(user, "consent.view", matter.child)
    return respond(request, "accounts/consent_settle.html", {"form": form, "matter": matter})
