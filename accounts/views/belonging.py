"""Who belongs to a child: guardians, the care team, who may decide."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.access import Verb, get_child_for
from accounts.access_family import (
    Right,
    get_child_to_add_to,
    get_family_for,
    get_invitation_for,
    get_link_for,
    get_order_for,
)
from accounts.actions.reads import saw
from accounts.errors import FileTooLarge
from accounts.family_forms import (
    ColleagueForm,
    CustodyForm,
    EndLinkForm,
    InviteGuardianForm,
    OrderForm,
)
from accounts.family_pages import colleagues_for, forms_for, people_page
from accounts.models import Child, User
from accounts.sign_in import recently_authenticated
from accounts.uploads import OneSmallFile, take_one_file
from core.errors import DomainError
from core.pages import attempt, respond


def page(request: HttpRequest, child_id: UUID, **sent: Any) -> HttpResponse:
    """The page with the one form that was sent, if any, under its own name and as `form`."""
    user = cast("User", request.user)
    child, may = get_family_for(user, child_id)
    saw(user, "people.view", child)
    context = people_page(user, child, may) | forms_for(child, may) | sent
    form = next((f for name, f in sent.items() if name.endswith("_form")), None)
    return respond(request, "accounts/child_people.html", context | {"form": form})


@login_required
@require_GET
def child_people(request: HttpRequest, child_id: UUID) -> HttpResponse:
    return page(request, child_id)


@login_required
@require_POST
def family_invite(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_to_add_to(user, child_id)
    form = InviteGuardianForm(request.POST)
    if form.is_valid():
        made = attempt(
            form, lambda: actions.invite_guardian(actor=user, child=child, **form.cleaned_data)
        )
        if made is not None:
            link = request.build_absolute_uri(reverse("family_invitation", args=[made[1]]))
            return page(request, child_id, invitation_link=link)
    return page(request, child_id, invite_form=form)


@login_required
@require_POST
def family_uninvite(request: HttpRequest, child_id: UUID, invitation_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    invitation = get_invitation_for(user, child_id, invitation_id)
    actions.take_back_invitation(actor=user, invitation=invitation)
    messages.success(request, _("That link works no more."))
    return redirect("child_people", child_id)


@require_http_methods(["GET", "POST"])
def family_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Without a sign-in the same page for every link: it tells nothing about it."""
    response = _family_invitation(request, token)
    response["Referrer-Policy"] = "no-referrer"  # the token is in the address
    return response


def _family_invitation(request: HttpRequest, token: str) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "accounts/family_invitation_sign_in.html", {"next": request.path})
    user = request.user
    if request.method == "POST":
        link = actions.accept_family_invitation(actor=user, token=token)
        messages.success(request, _("Welcome. You belong to this child here now."))
        return redirect("child_detail", link.child_id)
    invitation = actions.look_at_family_invitation(actor=user, token=token)
    return render(request, "accounts/family_invitation.html", {"invitation": invitation})


@recently_authenticated
@require_http_methods(["GET", "POST"])
def guardian_end(request: HttpRequest, child_id: UUID, link_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    link, right = get_link_for(user, child_id, link_id)
    team = right == Right.CARE_TEAM
    form = EndLinkForm(request.POST or None) if team else None
    ready = request.method == "POST" and (form is None or form.is_valid())
    if ready:
        reason = form.cleaned_data["reason"] if form is not None else ""
        actions.end_guardian_link(actor=user, link=link, reason=reason)
        messages.success(request, _("Done. It counts from now on."))
        gone = link.guardian_id == user.pk
        return redirect("home") if gone else redirect("child_people", child_id)
    saw(user, "people.view", link.child)
    context = {"link": link, "form": form, "own": right == Right.OWN}
    return respond(request, "accounts/guardian_end.html", context)


@login_required
@require_POST
def team_add(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.TREAT)
    form = ColleagueForm(colleagues_for(child), request.POST)
    if (
        form.is_valid()
        and attempt(
            form, lambda: actions.add_colleague(actor=user, child=child, **form.cleaned_data)
        )
        is not None
    ):
        messages.success(request, _("They are on the care team now."))
        return redirect("child_people", child_id)
    return page(request, child_id, colleague_form=form)


@login_required
@require_http_methods(["GET", "POST"])
def team_leave(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.TREAT)
    if request.method == "POST":
        actions.leave_care_team(actor=user, child=child)
        messages.success(request, _("You left the care team."))
        return redirect("home")
    saw(user, "people.view", child)
    return render(request, "accounts/team_leave.html", {"child": child})


@login_required
@require_POST
def custody_set(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.TREAT)
    form = CustodyForm(request.POST)
    if (
        form.is_valid()
        and attempt(form, lambda: actions.set_custody(actor=user, child=child, **form.cleaned_data))
        is not None
    ):
        messages.success(request, _("Saved. It counts from now on."))
        return redirect("child_people", child_id)
    return page(request, child_id, custody_form=form)


@csrf_exempt  # until the size is known: reading the token would read the file; see _order_add
@login_required
@require_POST
def order_add(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """A court's paper, refused before it is read whole."""
    user = cast("User", request.user)
    child = get_child_to_add_to(user, child_id)
    try:
        handler = take_one_file(request)
    except FileTooLarge:
        actions.upload_refused(actor=user, child=child)
        raise
    return _order_add(request, child, handler)


@csrf_protect
def _order_add(request: HttpRequest, child: Child, handler: OneSmallFile) -> HttpResponse:
    user = cast("User", request.user)
    form = OrderForm(request.POST)
    file = request.FILES.get("file")
    if handler.refusal is not None or file is None:
        if handler.refusal is not None:
            actions.upload_refused(actor=user, child=child)
        form.add_error(None, str(handler.refusal or _("Please choose a file.")))
    elif form.is_valid() and _added(user, child, form, file.read()):
        messages.success(request, _("Saved. Only the care team, the lead and you can open it."))
        return redirect("child_people", child.pk)
    return page(request, child.pk, order_form=form)


def _added(user: User, child: Child, form: OrderForm, content: bytes) -> bool:
    try:
        actions.add_order(actor=user, child=child, content=content, **form.cleaned_data)
    except DomainError as refusal:
        actions.upload_refused(actor=user, child=child)
        form.add_error(None, str(refusal))
        return False
    return True


@login_required
@require_GET
def order_file(request: HttpRequest, child_id: UUID, order_id: UUID) -> HttpResponse:
    """Never shown in the page: a file from outside runs nothing on our own address."""
    user = cast("User", request.user)
    order = get_order_for(user, child_id, order_id)
    saw(user, "order.view", order.child, obj=order)
    response = HttpResponse(order.content, content_type=order.kind)
    name = f"order-{order.valid_from:%Y-%m-%d}.{order.extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store"
    return response
