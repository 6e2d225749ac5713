"""What is booked: the list, one appointment, moving it, cancelling it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions.reads import saw
from core.pages import attempt, respond
from scheduling import access, actions, appointment_pages, selectors
from scheduling.access import Verb
from scheduling.actions.changes import reasons_for
from scheduling.forms import CancelForm, LookForm, MoveForm
from scheduling.models import CancelReason
from scheduling.views.common import person

PAGE_SIZE = 20


@login_required
@never_cache
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What comes, and below it what was."""
    mine = access.own_appointments(person(request))
    pages = Paginator(selectors.earlier(mine), PAGE_SIZE)
    pages.count = selectors.how_many_earlier(person(request))
    page = pages.get_page(request.GET.get("page"))
    coming = appointment_pages.rows(selectors.all_coming(person(request)), person(request))
    past = page.object_list if pages.count else ()
    earlier = appointment_pages.rows(past, person(request))
    saw(person(request), "list.view", [row.appointment.child for row in coming + earlier])
    context = {
        "coming": coming,
        "earlier": earlier,
        "page": page,
        "bookable": appointment_pages.bookable_children(person(request)),
    }
    return render(request, "scheduling/appointments.html", context)


@login_required
@never_cache
@require_GET
def detail(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Everything about one appointment, and what this reader may do with it."""
    appointment = access.get_appointment_for(person(request), appointment_id, Verb.SEE)
    saw(person(request), "appointment.view", appointment.child)
    page = appointment_pages.detail(appointment, person(request), now=timezone.now())
    context = {"appointment": appointment, "page": page}
    return render(request, "scheduling/appointment.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Choose another time; the old one stays until the new one is won."""
    appointment = access.get_appointment_for(person(request), appointment_id, Verb.CHANGE)
    saw(person(request), "appointment.view", appointment.child)
    form = MoveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        moved = attempt(
            form,
            lambda: actions.reschedule(
                actor=person(request),
                appointment=appointment,
                starts_at=form.cleaned_data["starts_at"],
            ),
        )
        if moved is not None:
            messages.success(request, _("Moved. The new time is in your calendar file."))
            return redirect("appointment", moved.pk)
    look = LookForm(request.POST if request.method == "POST" else request.GET)
    page = appointment_pages.move(appointment, person(request), look, now=timezone.now())
    context = {"appointment": appointment, "page": page, "form": form}
    return respond(
        request, "scheduling/move.html", context, partial="scheduling/partials/_move_times.html"
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One question with kind answers, one press."""
    appointment = access.get_appointment_for(person(request), appointment_id, Verb.CANCEL)
    saw(person(request), "appointment.view", appointment.child)
    reasons = reasons_for(person(request), appointment)
    form = CancelForm(request.POST if request.method == "POST" else None, reasons=reasons)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: actions.cancel(
                actor=person(request),
                appointment=appointment,
                reason=CancelReason(form.cleaned_data["reason"]),
            ),
        )
        if done is not None:
            messages.success(request, _("Cancelled. Thank you for telling us."))
            return redirect("appointment", done.pk)
    page = appointment_pages.detail(appointment, person(request), now=timezone.now())
    context = {"appointment": appointment, "page": page, "form": form}
    return respond(request, "scheduling/cancel.html", context)
