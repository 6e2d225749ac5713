"""A therapist's own hours. One page shows all; each form has its own door and comes back here."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Therapist
from core.errors import NotVisible
from core.pages import attempt, respond
from scheduling import access, actions, hours_pages
from scheduling.forms import OverrideForm, PeriodForm, RulesForm, TravelForm, WeeklyHoursForm
from scheduling.views.common import person


def _answer(request: HttpRequest, section: str = "", form: Form | None = None) -> HttpResponse:
    """The page; a form with errors takes its place in it, and the status is 422."""
    therapist = access.get_therapist_for(person(request))
    page = hours_pages.page(therapist, now=timezone.now())
    forms: dict[str, Form] = {
        "weekly": WeeklyHoursForm(prefix="weekly"),
        "override": OverrideForm(prefix="override"),
        "time_off": PeriodForm(prefix="off"),
        "travel": TravelForm(prefix="travel"),
        "rules": RulesForm.of(page.roster.rules),
    }
    if form is not None:
        forms[section] = form
    context = {"page": page, "forms": forms, "form": form, "open": section}
    return respond(request, "scheduling/hours.html", context)


@login_required
@never_cache
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Weekly hours, other dates, time off, travel, rules, and licences to read."""
    return _answer(request)


def _save(
    request: HttpRequest, section: str, form: Form, action: Callable[[Therapist], object]
) -> HttpResponse:
    therapist = access.get_therapist_for(person(request))
    if form.is_valid() and attempt(form, lambda: action(therapist)) is not None:
        messages.success(request, _("Saved. What is already booked stays as it is."))
        return redirect("hours")
    return _answer(request, section, form)


@login_required
@require_POST
def add_weekly(request: HttpRequest) -> HttpResponse:
    form = WeeklyHoursForm(request.POST, prefix="weekly")
    return _save(
        request,
        "weekly",
        form,
        lambda therapist: actions.add_weekly_hours(
            actor=person(request),
            therapist=therapist,
            weekdays=form.cleaned_data["weekdays"],
            start_minute=form.cleaned_data["window"][0],
            end_minute=form.cleaned_data["window"][1],
        ),
    )


@login_required
@require_POST
def set_override(request: HttpRequest) -> HttpResponse:
    form = OverrideForm(request.POST, prefix="override")
    return _save(
        request,
        "override",
        form,
        lambda therapist: actions.set_override(
            actor=person(request),
            therapist=therapist,
            day=form.cleaned_data["day"],
            windows=form.cleaned_data["windows"],
        ),
    )


@login_required
@require_POST
def add_time_off(request: HttpRequest) -> HttpResponse:
    form = PeriodForm(request.POST, prefix="off")
    return _save(
        request,
        "time_off",
        form,
        lambda therapist: actions.add_time_off(
            actor=person(request), therapist=therapist, **form.cleaned_data
        ),
    )


@login_required
@require_POST
def add_travel(request: HttpRequest) -> HttpResponse:
    form = TravelForm(request.POST, prefix="travel")
    return _save(
        request,
        "travel",
        form,
        lambda therapist: actions.add_travel(
            actor=person(request), therapist=therapist, **form.cleaned_data
        ),
    )


@login_required
@require_POST
def set_rules(request: HttpRequest) -> HttpResponse:
    form = RulesForm(request.POST)
    return _save(
        request,
        "rules",
        form,
        lambda therapist: actions.set_rules(
            actor=person(request), therapist=therapist, **form.values()
        ),
    )


@login_required
@require_POST
def remove(request: HttpRequest, kind: str, row_id: UUID) -> HttpResponse:
    """Remove one row. Somebody else's id removes nothing and looks the same."""
    therapist = access.get_therapist_for(person(request))
    user = person(request)
    if kind == "weekly":
        actions.remove_weekly_hours(actor=user, therapist=therapist, hours_id=row_id)
    elif kind == "dates":
        actions.remove_override(actor=user, therapist=therapist, override_id=row_id)
    elif kind == "off":
        actions.remove_time_off(actor=user, therapist=therapist, period_id=row_id)
    elif kind == "travel":
        actions.remove_travel(actor=user, therapist=therapist, travel_id=row_id)
    else:
        raise NotVisible
    messages.success(request, _("Removed. What is already booked stays as it is."))
    return redirect("hours")
