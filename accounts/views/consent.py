"""Reading, signing, answering and taking back."""

from typing import cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import actions
from accounts.access import (
    Verb,
    get_assent_for,
    get_child_for,
    get_child_to_sign,
    get_own_child,
    get_signature_for,
)
from accounts.actions.reads import saw
from accounts.consent_copy import copy_of
from accounts.forms import AssentForm, ConsentForm, DisputeForm, ReplyForm
from accounts.models import ConsentKind, ReadingLevel, User
from accounts.selectors import consent_status, current_document, level_for
from core.audit.actions import record
from core.markdown import render
from core.pages import attempt, respond

KIND = ConsentKind.TELEHEALTH


def client_ip(request: HttpRequest) -> str:
    """The reader's address, not the proxy's: the same rule as for the limits of signing in."""
    return str(get_adapter().get_client_ip(request))


@login_required
@require_http_methods(["GET", "POST"])
def consent_sign(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_to_sign(user, child_id, KIND)
    saw(user, "consent.view", child)
    document = current_document(KIND, place=child.place)
    form = ConsentForm(document, request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.sign_consent(
                actor=user,
                child=child,
                document=document,
                typed_name=form.cleaned_data["typed_name"],
                answers=form.answers,
                ip=client_ip(request),
            ),
        )
        is not None
    ):
        messages.success(request, _("Thank you. Your copy is in your inbox."))
        return redirect("child_detail", child.pk)
    status = consent_status(child, KIND)
    context = {
        "form": form,
        "child": child,
        "document": document,
        "text": render(document.body),
        "consent": status,
        "mine": status.signed_by(user.pk),
        "oneself": child.user_id == user.pk,
    }
    return respond(request, "accounts/consent_sign.html", context)


@login_required
@require_GET
def consent_copy(request: HttpRequest, signature_id: UUID) -> HttpResponse:
    """The signer's own copy, made from the row: the text as it was shown, and the evidence."""
    user = cast("User", request.user)
    signature = get_signature_for(user, signature_id)
    record(actor=user, action="consent.copy", obj=signature, child_id=signature.child_id)
    saw(user, "consent.view", signature.child)
    answer = HttpResponse(copy_of(signature), content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="my-copy.pdf"'
    return answer


@login_required
@require_http_methods(["GET", "POST"])
def consent_withdraw(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_to_sign(user, child_id, KIND)
    saw(user, "consent.view", child)
    if request.method == "POST":
        actions.withdraw_consent(actor=user, child=child, kind=KIND)
        messages.success(request, _("Done. No online session can be booked or joined now."))
        return redirect("child_detail", child.pk)
    context = {"child": child, "oneself": child.user_id == user.pk}
    return respond(request, "accounts/consent_withdraw.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def consent_dispute(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """One of several guardians who decide together says no."""
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.CONSENT)
    saw(user, "consent.view", child)
    form = DisputeForm(request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.dispute_consent(
                actor=user, child=child, words=form.cleaned_data["words"], kind=KIND
            ),
        )
        is not None
    ):
        messages.success(request, _("Thank you for telling us. Someone from the clinic calls you."))
        return redirect("child_detail", child.pk)
    return respond(request, "accounts/consent_dispute.html", {"form": form, "child": child})


@login_required
@require_http_methods(["GET", "POST"])
def assent(request: HttpRequest) -> HttpResponse:
    """The child's own page. Nobody else can open it, also not the guardian."""
    user = cast("User", request.user)
    child = get_own_child(user)
    status = consent_status(child, KIND)
    document = current_document(KIND, place=child.place, level=level_for(child))
    form = AssentForm(request.POST or None, signs=status.child_signs)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.answer_assent(
                actor=user,
                child=child,
                document=document,
                answer=form.cleaned_data["answer"],
                question=form.cleaned_data["question"],
            ),
        )
        is not None
    ):
        messages.success(request, _("Thank you for telling us."))
        return redirect("home")
    context = {
        "form": form,
        "child": child,
        "status": status,
        "text": render(document.body),
        "older": level_for(child) == ReadingLevel.TEEN,
        "full_text": render(current_document(KIND, place=child.place).body),
    }
    return respond(request, "accounts/assent.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def assent_reply(request: HttpRequest, assent_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    asked = get_assent_for(user, assent_id)
    saw(user, "assent.view", asked.child)
    form = ReplyForm(request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.reply_to_question(
                actor=user, assent=asked, reply=form.cleaned_data["reply"]
            ),
        )
        is not None
    ):
        messages.success(request, _("Sent. The child finds your answer on their page."))
        return redirect("consent_matters")
    return respond(request, "accounts/assent_reply.html", {"form": form, "asked": asked})
