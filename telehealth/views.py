"""Pages that mix apps: each role's home, the caseload, help now."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import has_role
from accounts.actions.reads import saw
from accounts.models import Role, User
from core.errors import NotVisible
from telehealth.demo_codes import codes, seconds_left
from telehealth.help_lines import COUNTRIES, country_of
from telehealth.home import (
    caseload_rows,
    child_home,
    guardian_home,
    manager_home,
    moderator_home,
    therapist_home,
)
from telehealth.roles import hats

PAGE = 50


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "landing.html")
    roles = hats(request.user)
    return _home(request, roles[0] if roles else "guardian")


@login_required
@require_GET
def home_as(request: HttpRequest, role: str) -> HttpResponse:
    if role not in hats(cast("User", request.user)):
        raise Http404
    return _home(request, role)


def _home(request: HttpRequest, role: str) -> HttpResponse:
    user = cast("User", request.user)
    request.role = role  # type: ignore[attr-defined]  # the shell shows this hat's navigation
    context: dict[str, Any]
    if role == "child":
        context = child_home(user)
    elif role == "guardian":
        context = guardian_home(user)
        saw(user, "list.view", [member.child for member in context["family"]])
    elif role == "therapist":
        context = therapist_home(user)
        listed = (context[name] for name in ("today", "later", "waiting", "unsigned"))
        saw(user, "list.view", [appointment.child for rows in listed for appointment in rows])
    else:
        context = manager_home() if role == "manager" else moderator_home()
    template = role if role in {"child", "guardian", "therapist", "manager"} else "moderator"
    return render(request, f"telehealth/home_{template}.html", context)


@login_required
@require_GET
def caseload(request: HttpRequest) -> HttpResponse:
    if not has_role(cast("User", request.user), Role.THERAPIST):
        raise NotVisible
    user = cast("User", request.user)
    page = Paginator(caseload_rows(user), PAGE).get_page(request.GET.get("page"))
    saw(user, "list.view", page.object_list)
    return render(request, "telehealth/caseload.html", {"page": page})


@require_GET
def emergency_help(request: HttpRequest) -> HttpResponse:
    """Help by country, without sign-in; the reader's own country first when we know it."""
    place = request.GET.get("place", "")
    child = getattr(request.user, "child", None) if request.user.is_authenticated else None
    mine = country_of(place) or country_of(child.place if child else settings.CLINIC_COUNTRY)
    return render(request, "help_now.html", {"countries": COUNTRIES, "mine": mine})


@require_GET
def demo_codes(request: HttpRequest) -> HttpResponse:
    """Open without sign-in: it is needed in the middle of one. Elsewhere it does not exist."""
    if not settings.DEMO:
        raise Http404
    context = {"codes": codes(), "seconds": seconds_left() + 1}
    return render(request, "telehealth/demo_codes.html", context)
