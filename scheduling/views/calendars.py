"""Calendar files, the secret feed, and when to be reminded."""

from datetime import UTC, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.actions.reads import saw
from accounts.tokens import token_hash
from core.errors import NotVisible
from core.pages import respond
from core.rls import acting_as
from scheduling import access, actions, selectors
from scheduling import calendars as files
from scheduling.forms import RemindersForm
from scheduling.reminders import offsets_of
from scheduling.views.common import person


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=files.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_required
@never_cache
@require_GET
def download(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One appointment to add to a calendar by hand."""
    appointment = access.get_appointment_for(person(request), appointment_id, access.Verb.SEE)
    saw(person(request), "appointment.view", appointment.child)
    return _file(files.download(appointment, stamp=timezone.now()), "appointment.ics")


@never_cache
@require_GET
def feed_file(_request: HttpRequest, token: str) -> HttpResponse:
    """The secret address. Unknown, revoked and a person who left all get the same 404."""
    owner = selectors.feed_owner(token_hash(token))
    if owner is None:
        raise NotVisible
    with acting_as(owner.pk):
        mine = list(selectors.for_feed(access.own_appointments(owner)))
        # Calendars ask every hour, which tells a family nothing new.
        saw(owner, "calendar.view", [row.child for row in mine], once_in=timedelta(days=1))
    return _file(files.feed(mine, stamp=timezone.now().astimezone(UTC)), "appointments.ics")


@login_required
@never_cache
@require_GET
def feed_page(request: HttpRequest) -> HttpResponse:
    """Is there an address, since when, and how to get or end one."""
    context = {"feed": selectors.feed_of(person(request)), "address": ""}
    return render(request, "scheduling/calendar_feed.html", context)


@login_required
@never_cache
@require_POST
def make_feed(request: HttpRequest) -> HttpResponse:
    """The only page that ever shows the address: we keep its hash, so we cannot show it again."""
    token = actions.make_feed(actor=person(request))
    address = f"{settings.PUBLIC_ORIGIN.rstrip('/')}{reverse('calendar_file', args=[token])}"
    context = {"feed": selectors.feed_of(person(request)), "address": address}
    return render(request, "scheduling/calendar_feed.html", context)


@login_required
@require_POST
def revoke_feed(request: HttpRequest) -> HttpResponse:
    actions.revoke_feed(actor=person(request))
    messages.success(request, _("The calendar address no longer works."))
    return redirect("calendar_feed")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def reminders(request: HttpRequest) -> HttpResponse:
    """Each person's own choice."""
    user = person(request)
    if request.method == "POST":
        form = RemindersForm(request.POST)
        if form.is_valid():
            actions.choose_reminders(actor=user, offsets=form.cleaned_data["offsets"])
            messages.success(request, _("Saved."))
            return redirect("reminders")
    else:
        form = RemindersForm(initial={"offsets": offsets_of([user])[user.pk]})
    return respond(request, "scheduling/reminders.html", {"form": form})
