"""Booking in at most five presses: whom, which day, which time, who joins, book.

Everything is links and forms; a script only saves a reload. A page that shows a stale time is
answered with fresh ones and keeps what was chosen.
"""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access as people
from accounts.actions.reads import saw
from accounts.models import Child, User
from accounts.selectors import consent_status
from core.errors import DomainError
from core.pages import attempt, respond
from scheduling import access, actions, booking_pages
from scheduling.forms import ConfirmForm, LookForm, SlotForm
from scheduling.models import Appointment, State, WhoJoins
from scheduling.views.common import person

LATE_STATUS = 409


def _child(request: HttpRequest, child_id: UUID) -> Child:
    child = people.get_child_for(person(request), child_id, people.Verb.BOOK)
    saw(person(request), "booking.view", child)
    return child


@login_required
@never_cache
@require_GET
def choose_therapist(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """Step 1. With only one therapist to choose there is no choice to make."""
    child = _child(request, child_id)
    consent = consent_status(child)
    if not consent.stands:
        return render(request, "scheduling/not_yet.html", {"child": child, "consent": consent})
    page = booking_pages.therapists(child, person(request))
    if len(page.choices) == 1:
        return redirect(booking_pages.times_url(child, page.choices[0].therapist))
    return render(request, "scheduling/choose_therapist.html", {"child": child, "page": page})


@login_required
@never_cache
@require_GET
def choose_time(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """Steps 2 and 3: a week of days, and the chosen day's times."""
    child = _child(request, child_id)
    if not consent_status(child).stands:
        return redirect("book", child.pk)
    return _times(request, child, LookForm(request.GET))


def _times(
    request: HttpRequest, child: Child, look: LookForm, *, form: BaseForm | None = None
) -> HttpResponse:
    page = booking_pages.times(child, person(request), look)
    context = {"child": child, "page": page, "form": form}
    return respond(
        request, "scheduling/choose_time.html", context, partial="scheduling/partials/_times.html"
    )


@login_required
@require_POST
def hold(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """A time was pressed: keep it for a few minutes, or say why not above fresh times."""
    child = _child(request, child_id)
    form = SlotForm(request.POST)
    held = attempt(form, lambda: _hold(person(request), child, form)) if form.is_valid() else None
    if held is None:
        return _times(request, child, LookForm(request.POST), form=form)
    url = reverse("book_confirm", args=[held.pk])
    who = form.cleaned_data["who"]
    return redirect(f"{url}?who={who}" if who else url)


def _hold(user: User, child: Child, form: SlotForm) -> Appointment:
    therapist_id, starts_at = form.cleaned_data["slot"]
    return actions.hold(
        actor=user,
        child=child,
        therapist=booking_pages.get_bookable(child, therapist_id),
        starts_at=starts_at,
        minutes=form.cleaned_data["minutes"],
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Steps 4 and 5. After booking, the back button shows the booking, not a stale form."""
    held = access.get_appointment_for(person(request), appointment_id, access.Verb.CONFIRM)
    saw(person(request), "booking.view", held.child)
    if request.method == "GET":
        if held.state in (State.BOOKED, State.CANCELLED):
            return redirect("appointment", held.pk)
        who = LookForm(request.GET).wish("who") or WhoJoins.CHILD
        return _confirm_page(request, held, ConfirmForm(initial={"who_joins": who}))
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _confirm_page(request, held, form)
    who = WhoJoins(form.cleaned_data["who_joins"])
    try:
        booked = actions.confirm(actor=person(request), appointment=held, who_joins=who)
    except DomainError as exc:
        return _lost(request, held, who, exc)
    messages.success(request, _("Booked. We will remind you."))
    return redirect("appointment", booked.pk)


def _confirm_page(request: HttpRequest, held: Appointment, form: ConfirmForm) -> HttpResponse:
    page = booking_pages.held(held, person(request), now=timezone.now())
    return respond(request, "scheduling/confirm.html", {"held": held, "page": page, "form": form})


def _lost(request: HttpRequest, held: Appointment, who: WhoJoins, exc: DomainError) -> HttpResponse:
    """The time is gone: fresh times around the same day, with who joins still chosen."""
    if exc.code in ("not_found", "one_moment"):
        raise exc
    look = LookForm(booking_pages.look_again(held, person(request), who))
    form = SlotForm({})
    form.full_clean()
    form.errors.clear()
    form.add_error(None, str(exc))
    response = _times(request, held.child, look, form=form)
    response.status_code = LATE_STATUS if exc.status == LATE_STATUS else response.status_code
    return response


@login_required
@require_POST
def release(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """ "Choose another time": let this one go and return to the list."""
    held = access.get_appointment_for(person(request), appointment_id, access.Verb.CONFIRM)
    actions.release(actor=person(request), appointment=held)
    return redirect(booking_pages.times_url(held.child, held.therapist, held))
