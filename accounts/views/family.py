"""A guardian adds a child, looks after its sign-in, and reads who belongs to it."""

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
    check_adult,
    get_child_and_verbs_for,
    get_child_for,
    visible_matters,
)
from accounts.actions.reads import saw
from accounts.forms import AddChildForm, PassphraseForm
from accounts.limits import is_locked
from accounts.models import Child, ConsentMatter, MatterKind, User
from accounts.selectors import consent_status, people_around
from accounts.sign_in import open_words, recently_authenticated, sealed_words
from core.pages import attempt, respond

OLDER = 12  # from this age a child's own record is theirs to look after (SAFETY.md)
SHOWN_ONCE = "passphrase_shown_once"


@login_required
@require_http_methods(["GET", "POST"])
def child_add(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    check_adult(user)
    form = AddChildForm(request.POST or None, initial={"time_zone": user.time_zone})
    if form.is_valid():
        child = attempt(form, lambda: actions.add_child(actor=user, **form.cleaned_data))
        if child is not None:
            request.session[SHOWN_ONCE] = sealed_words(child, form.cleaned_data["passphrase"])
            return redirect("child_sign_in_card", child.pk)
    return respond(request, "accounts/child_add.html", {"form": form})


@login_required
@require_GET
def child_sign_in_card(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """The new sign-in, shown once: afterwards nobody can read the passphrase, only change it."""
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    saw(user, "sign_in.view", child)
    passphrase = open_words(child, request.session.pop(SHOWN_ONCE, ""))
    signed = consent_status(child).guardian_signed
    context = {"child": child, "passphrase": passphrase, "signed": signed}
    return respond(request, "accounts/child_sign_in_card.html", context)


def _open_disputes(user: User, child: Child) -> list[ConsentMatter]:
    """For those who may settle them; a guardian reads no word of it."""
    return list(visible_matters(user).filter(child=child, what=MatterKind.DISPUTE).defer("words"))


@login_required
@require_GET
def child_detail(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child, may = get_child_and_verbs_for(user, child_id)
    guardians, team = people_around(child)
    consent = consent_status(child)
    saw(user, "child.view", child)
    # Links only: records.access decides, and a test holds the two together.
    own = child.user_id == user.pk and child.age >= OLDER
    context = {
        "child": child,
        "consent": consent,
        "guardians": guardians,
        "team": team,
        "may_consent": Verb.CONSENT in may,
        "may_manage": Verb.MANAGE_SIGN_IN in may,
        "locked": Verb.MANAGE_SIGN_IN in may and is_locked(child.user.username),
        "may_book": Verb.BOOK in may,
        "mine": consent.signed_by(user.pk),
        "oneself": child.user_id == user.pk,
        "may_sign": Verb.CONSENT in may or (child.user_id == user.pk and consent.child_signs),
        "may_settle": Verb.SETTLE in may,
        "disputes": _open_disputes(user, child) if consent.disputed else [],
        "may_look_after": Verb.TREAT in may or any(row.guardian_id == user.pk for row in guardians),
        "may_read": Verb.READ in may,
        "may_look": own or any(link.guardian_id == user.pk for link in guardians),
        "may_copy": own or Verb.CONSENT in may or Verb.TREAT in may,
        "questions": consent.open_questions if Verb.TREAT in may else [],
    }
    return respond(request, "accounts/child_detail.html", context)


@recently_authenticated
@require_http_methods(["GET", "POST"])
def child_passphrase(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.MANAGE_SIGN_IN)
    saw(user, "sign_in.view", child)
    form = PassphraseForm(request.POST or None)
    if form.is_valid():
        passphrase = form.cleaned_data["passphrase"]
        if attempt(
            form,
            lambda: actions.set_child_passphrase(actor=user, child=child, passphrase=passphrase),
        ):
            request.session[SHOWN_ONCE] = sealed_words(child, passphrase)
            messages.success(request, _("The new passphrase works now."))
            return redirect("child_sign_in_card", child.pk)
    return respond(request, "accounts/child_passphrase.html", {"form": form, "child": child})
