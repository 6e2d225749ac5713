"""Pages: the inbox, and the demo's mailbox."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from core.notifications import access, actions, mailbox
from core.notifications.forms import PushForm
from core.pages import person_of

PAGE_SIZE = 20


@login_required
@never_cache
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The reader's own messages, newest first."""
    page = Paginator(access.visible_messages(person_of(request)), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "notifications/inbox.html", {"page": page})


@login_required
@require_POST
def read(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Mark one read, then go where it leads."""
    message = access.get_message_for(person_of(request), message_id)
    actions.mark_read(actor=person_of(request), message_id=message.pk)
    return redirect(message.action_path or "inbox")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything read."""
    actions.mark_all_read(actor=person_of(request))
    return redirect("inbox")


@login_required
@require_POST
def push(request: HttpRequest) -> HttpResponse:
    """Turn web push on for this browser (or off, with `off=1`): 204, or 422 with the errors."""
    if not settings.WEBPUSH_PRIVATE_KEY:
        raise Http404
    person = person_of(request)
    if request.POST.get("off"):
        actions.unsubscribe_push(actor=person, endpoint=_text(request.POST.get("endpoint")))
        return HttpResponse(status=204)
    form = PushForm(request.POST)
    if not form.is_valid():
        return JsonResponse(form.errors, status=422)
    actions.subscribe_push(actor=person, **form.cleaned_data)
    return HttpResponse(status=204)


def _text(value: str | None) -> str:
    """Without NUL, which Postgres refuses with an error of its own."""
    return (value or "").replace("\x00", "")


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@never_cache
@require_GET
def mailbox_list(request: HttpRequest) -> HttpResponse:
    """Every e-mail of the demo clinic, newest first; `?to=` narrows to one address."""
    _only_in_the_demo()
    to = _text(request.GET.get("to"))
    page = Paginator(mailbox.messages(to), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "to": to, "addresses": mailbox.addresses()}
    return _unlisted(render(request, "notifications/mailbox.html", context))


@never_cache
@require_GET
def mailbox_message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """One e-mail of the demo clinic, with working links."""
    _only_in_the_demo()
    context = {"mail": mailbox.get(message_id)}
    return _unlisted(render(request, "notifications/mailbox_message.html", context))


@never_cache
@require_GET
def mailbox_attachment(_request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """Download one attachment; never shown inline, it would run in our origin."""
    _only_in_the_demo()
    found = mailbox.get_attachment(attachment_id)
    response = HttpResponse(bytes(found.content), content_type=found.content_type)
    response.headers["Content-Disposition"] = mailbox.content_disposition(found.name)
    return _unlisted(response)
