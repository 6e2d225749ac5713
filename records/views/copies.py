"""A copy of a record: asking for it, and fetching it once."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.reads import saw
from accounts.models import User
from accounts.sign_in import recently_authenticated
from core.errors import DomainError, NotVisible
from records import actions, selectors
from records.access import Verb, get_child_for, get_copy_for
from records.words import LEFT_OUT


@login_required
@require_http_methods(["GET", "POST"])
def record_copy(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """What a copy holds, what it leaves out, and one's own copies of this record."""
    user = cast("User", request.user)
    child, reader = get_child_for(user, child_id, Verb.COPY)
    saw(user, "copy.view", child)
    if request.method == "POST":
        try:
            actions.ask_copy(actor=user, child=child)
        except NotVisible:
            raise
        except DomainError as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, _("We are making it. You get a message when it is ready."))
        return redirect("record_copy", child.pk)
    context = {
        "child": child,
        "copies": selectors.copies_of(user, child),
        "left_out": LEFT_OUT[reader.part],
        "may_ask_erasure": selectors.may_ask_erasure(user, child),
        "own": child.user_id == user.pk,
    }
    return render(request, "records/copy.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def copy_take(request: HttpRequest, copy_id: UUID) -> HttpResponse:
    """Whose it is not gets the page of an unknown address, and no question for a password."""
    actions.look_at_copy(actor=cast("User", request.user), copy_id=copy_id)
    return _take(request, copy_id)


@recently_authenticated
def _take(request: HttpRequest, copy_id: UUID) -> HttpResponse:
    """GET asks for a press: a mail program that looks ahead must not spend the one time."""
    user = cast("User", request.user)
    if request.method == "GET":
        copy = get_copy_for(user, copy_id)
        return render(request, "records/copy_take.html", {"copy": copy, "child": copy.child})
    try:
        content = actions.take_copy(actor=user, copy_id=copy_id)
    except NotVisible:
        raise
    except DomainError as exc:
        messages.error(request, str(exc))
        return redirect("record_copy", get_copy_for(user, copy_id).child_id)
    response = HttpResponse(content, content_type="application/zip")
    day = timezone.localdate().isoformat()
    response["Content-Disposition"] = f'attachment; filename="record-{day}.zip"'
    return response
