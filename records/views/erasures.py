"""Erasure: a family asks, the manager or the safeguarding lead decides in two steps; and holds."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.actions.reads import saw
from accounts.models import User
from accounts.sign_in import recently_authenticated
from core.errors import DomainError, NotVisible
from core.pages import attempt, respond
from records import actions, selectors
from records.access import Verb, check_decides, get_child_for, get_erasure_for, visible_erasures
from records.forms import ConfirmErasureForm, HoldForm

PAGE_SIZE = 30


@login_required
@require_http_methods(["GET", "POST"])
def erasure_ask(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child, _reader = get_child_for(user, child_id, Verb.ASK_ERASURE)
    saw(user, "copy.view", child)
    if request.method == "GET":
        own = child.user_id == user.pk
        return render(request, "records/erasure_ask.html", {"child": child, "own": own})
    try:
        actions.ask_erasure(actor=user, child=child)
    except NotVisible:
        raise
    except DomainError as exc:
        messages.info(request, str(exc))
    else:
        messages.success(request, _("Asked. The clinic looks at it and speaks with you."))
    return redirect("child_detail", child.pk)


@login_required
@require_GET
def erasures(request: HttpRequest) -> HttpResponse:
    check_decides(cast("User", request.user))
    return _listing(request, HoldForm())


def _listing(request: HttpRequest, form: HoldForm) -> HttpResponse:
    user = cast("User", request.user)
    page = Paginator(visible_erasures(user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows, holds = selectors.named(page.object_list), selectors.open_holds()
    saw(user, "erasure.view", [row.child for row in rows if row.child is not None])
    saw(user, "erasure.view", [hold.child for hold in holds])
    context = {"rows": rows, "page": page, "holds": holds, "form": form}
    return respond(request, "records/erasures.html", context)


@login_required
@require_GET
def erasure(request: HttpRequest, erasure_id: UUID) -> HttpResponse:
    """What would go, what must stay until when and why; then the next step."""
    user = cast("User", request.user)
    found = get_erasure_for(user, erasure_id)
    page = selectors.decision(found)
    if page.child is not None:
        saw(user, "erasure.view", page.child)
    return render(request, "records/erasure.html", {"erasure": found, "page": page})


@login_required
@require_POST
def approve(request: HttpRequest, erasure_id: UUID) -> HttpResponse:
    """First step; the second has a page of its own."""
    try:
        actions.approve_erasure(actor=cast("User", request.user), erasure_id=erasure_id)
    except NotVisible:
        raise
    except DomainError as exc:
        messages.error(request, str(exc))
        return redirect("erasure", erasure_id)
    return redirect("erasure_confirm", erasure_id)


@login_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, erasure_id: UUID) -> HttpResponse:
    """The second step; who may not decide is asked for no password either."""
    get_erasure_for(cast("User", request.user), erasure_id)
    return _confirm(request, erasure_id)


@recently_authenticated
def _confirm(request: HttpRequest, erasure_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    found = get_erasure_for(user, erasure_id)
    form = ConfirmErasureForm(request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.confirm_erasure(actor=user, erasure_id=erasure_id, **form.cleaned_data),
        )
        is not None
    ):
        messages.success(request, _("Confirmed. The sign-in is closed; the record is erased now."))
        return redirect("erasure", erasure_id)
    page = selectors.decision(found)
    context = {"erasure": found, "page": page, "form": form}
    return respond(request, "records/erasure_confirm.html", context)


@login_required
@require_POST
def decline(request: HttpRequest, erasure_id: UUID) -> HttpResponse:
    try:
        actions.decline_erasure(actor=cast("User", request.user), erasure_id=erasure_id)
    except NotVisible:
        raise
    except DomainError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("Noted. Please tell the family why."))
    return redirect("erasure", erasure_id)


@login_required
@require_POST
def hold_place(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    check_decides(user)
    form = HoldForm(request.POST)
    if (
        form.is_valid()
        and attempt(form, lambda: actions.place_hold(actor=user, **form.cleaned_data)) is not None
    ):
        messages.success(request, _("Nothing of this record is erased until you end the hold."))
        return redirect("erasures")
    return _listing(request, form)


@login_required
@require_POST
def hold_end(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    actions.end_hold(actor=cast("User", request.user), hold_id=hold_id)
    messages.success(request, _("The hold has ended. The rules of retention count again."))
    return redirect("erasures")
