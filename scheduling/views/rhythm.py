"""A child's week: school, rest, and the quiet time after a session."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access_family import zone_for
from accounts.actions.reads import saw
from accounts.models import Child
from core.pages import attempt, respond
from scheduling import access, actions, hours_pages
from scheduling.forms import ChildHoursForm, RestForm
from scheduling.models import ChildHours
from scheduling.views.common import person


def _answer(
    request: HttpRequest, child: Child, section: str = "", form: Form | None = None
) -> HttpResponse:
    saw(person(request), "rhythm.view", child)
    shown = hours_pages.rhythm(child)
    forms: dict[str, Form] = {
        "hours": ChildHoursForm(
            initial={"kind": ChildHours.Kind.SCHOOL, "weekdays": [0, 1, 2, 3, 4]}
        ),
        "rest": RestForm(initial={"rest_after_minutes": shown.rest_after_minutes}),
    }
    if form is not None:
        forms[section] = form
    zone = zone_for(person(request), child).key
    context = {"child": child, "zone": zone, "page": shown, "forms": forms, "form": form}
    return respond(request, "scheduling/rhythm.html", context)


@login_required
@never_cache
@require_GET
def page(request: HttpRequest, child_id: UUID) -> HttpResponse:
    return _answer(request, access.get_rhythm_child_for(person(request), child_id))


@login_required
@require_POST
def add_hours(request: HttpRequest, child_id: UUID) -> HttpResponse:
    child = access.get_rhythm_child_for(person(request), child_id)
    form = ChildHoursForm(request.POST)
    saved = None
    if form.is_valid():
        saved = attempt(
            form,
            lambda: actions.add_child_hours(
                actor=person(request),
                child=child,
                kind=ChildHours.Kind(form.cleaned_data["kind"]),
                weekdays=form.cleaned_data["weekdays"],
                start_minute=form.cleaned_data["window"][0],
                end_minute=form.cleaned_data["window"][1],
            ),
        )
    return _answer(request, child, "hours", form) if saved is None else _back(request, child)


def _back(request: HttpRequest, child: Child) -> HttpResponse:
    messages.success(request, _("Saved. What is already booked stays as it is."))
    return redirect("child_rhythm", child.pk)


@login_required
@require_POST
def remove_hours(request: HttpRequest, child_id: UUID, row_id: UUID) -> HttpResponse:
    child = access.get_rhythm_child_for(person(request), child_id)
    actions.remove_child_hours(actor=person(request), child=child, hours_id=row_id)
    return _back(request, child)


@login_required
@require_POST
def set_rest(request: HttpRequest, child_id: UUID) -> HttpResponse:
    child = access.get_rhythm_child_for(person(request), child_id)
    form = RestForm(request.POST)
    if not form.is_valid():
        return _answer(request, child, "rest", form)
    actions.set_rest(
        actor=person(request),
        child=child,
        rest_after_minutes=form.cleaned_data["rest_after_minutes"],
    )
    return _back(request, child)
