"""Reading, signing, answering and taking back."""

from typing import cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import actions
from accounts.access import Verb, get_assent_for, get_child_for, get_own_child
from accounts.forms import AssentForm, ConsentForm, ReplyForm
from accounts.models import User
from accounts.selectors import consent_status, current_document
from core.markdown import render
from core.pages import attempt, respond

OLDER = 12  # the fuller form of assent (SAFETY.md)


def client_ip(request: HttpRequest) -> str:
    """The reader's address, not the proxy's: the same rule as for the limits of signing in."""
    return str(get_adapter().get_client_ip(request))


@login_required
@require_http_methods(["GET", "POST"])
def consent_sign(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.CONSENT)
    document = current_document()
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
    context = {
        "form": form,
        "child": child,
        "document": document,
        "text": render(document.body),
        "consent": consent_status(child),
    }
    return respond(request, "accounts/consent_sign.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def consent_withdraw(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.CONSENT)
    if request.method == "POST":
        actions.withdraw_consent(actor=user, child=child)
        messages.success(request, _("Done. No online session can be booked or joined now."))
        return redirect("child_detail", child.pk)
    return respond(request, "accounts/consent_withdraw.html", {"child": child})


@login_required
@require_http_methods(["GET", "POST"])
def assent(request: HttpRequest) -> HttpResponse:
    """The child's own page. Nobody else can open it, also not the guardian."""
    user = cast("User", request.user)
    child = get_own_child(user)
    status = consent_status(child)
    form = AssentForm(request.POST or None)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: actions.answer_assent(
                actor=user,
                child=child,
                document=status.document,
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
        "text": render(status.document.child_body),
        "older": child.age >= OLDER,
        "full_text": render(status.document.body),
    }
    return respond(request, "accounts/assent.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def assent_reply(request: HttpRequest, assent_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    asked = get_assent_for(user, assent_id)
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
        return redirect("child_detail", asked.child_id)
    return respond(request, "accounts/assent_reply.html", {"form": form, "asked": asked})
