"""One colleague, for the practice manager: licences, and the end of their work here."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.access import get_colleague_for
from accounts.forms import LicenceForm
from accounts.models import User
from accounts.selectors import licences_of
from accounts.sign_in import recently_authenticated
from core.errors import DomainError
from core.pages import attempt, respond


def _page(request: HttpRequest, membership_id: UUID, form: LicenceForm) -> HttpResponse:
    colleague = get_colleague_for(cast("User", request.user), membership_id)
    context = {
        "colleague": colleague,
        "licences": licences_of(colleague),
        "today": timezone.localdate(),
        "form": form,
    }
    return respond(request, "accounts/colleague.html", context)


@login_required
@require_GET
def colleague(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    form = LicenceForm(initial={"valid_from": timezone.localdate()})
    return _page(request, membership_id, form)


@login_required
@require_POST
def licence_add(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    get_colleague_for(user, membership_id)
    form = LicenceForm(request.POST)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.add_licence(
                actor=user, membership_id=membership_id, **form.cleaned_data
            ),
        )
        is not None
    ):
        messages.success(request, _("Saved."))
        return redirect("colleague", membership_id)
    return _page(request, membership_id, form)


@login_required
@require_POST
def licence_end(request: HttpRequest, membership_id: UUID, licence_id: UUID) -> HttpResponse:
    actions.end_licence(
        actor=cast("User", request.user), membership_id=membership_id, licence_id=licence_id
    )
    messages.success(request, _("The licence has ended. What is booked there needs a new plan."))
    return redirect("colleague", membership_id)


@recently_authenticated
@require_http_methods(["GET", "POST"])
def work_end(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    found = get_colleague_for(user, membership_id)
    if request.method == "GET":
        return render(request, "accounts/colleague_end.html", {"colleague": found})
    try:
        actions.end_work(actor=user, membership_id=membership_id)
    except DomainError as exc:
        messages.error(request, str(exc))
        return redirect("colleague", membership_id)
    messages.success(request, _("Done. They can open nothing of the clinic any more."))
    return redirect("staff" if found.user_id != user.pk else "home")
