"""What every page shares: forms, errors, and the two-line answer of a view."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import select_template
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from core.errors import CONNECTION_ERRORS, Broken, DomainError, NotVisible, Refused, as_domain_error
from core.logging import request_id

T = TypeVar("T")
INVALID = 422
UNAVAILABLE = 503
RETRY_AFTER_SECONDS = 5


class LanternFormRenderer(TemplatesSetting):
    """Fields look the same everywhere; `{{ form }}` and `{{ field.as_field_group }}` use these."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class BadRequest(DomainError):
    """The request itself makes no sense: a damaged link, an old browser, or a probe."""

    code = "bad_request"
    status = 400
    message = _lazy("That link or form did not arrive in one piece. Please go back and try again.")


def person_of(request: HttpRequest) -> AbstractBaseUser:
    """The signed-in person; Refused for nobody (a view without `login_required`)."""
    if not isinstance(request.user, AbstractBaseUser):
        raise Refused
    return request.user


def _error_html(request: HttpRequest, error: DomainError, context: dict[str, object]) -> str:
    template = select_template([f"errors/{error.status}.html", "errors/error.html"])
    if error.status < Broken.status:
        return str(template.render(context, request))
    # Context processors read the person from the database, which may be the very thing away.
    return str(template.render(context))


def error_response(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """The page for an error: templates/errors/<status>.html, else errors/error.html."""
    error = as_domain_error(exc)
    context = {
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "request_id": request_id.get(),
        "path": request.path if request.method == "GET" else "",
        "is_htmx": bool(getattr(request, "htmx", False)),
        "retry_after": RETRY_AFTER_SECONDS if error.status == UNAVAILABLE else None,
    }
    try:
        html = _error_html(request, error, context)
    except (TemplateDoesNotExist, *CONNECTION_ERRORS):
        html = format_html("<!doctype html><title>Lantern</title><p>{}</p>", error.message)
    response = HttpResponse(html, status=error.status)
    if error.status == UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that was open too long, or cookies are off. The reason is for us, not for a child."""
    return error_response(
        request,
        Refused(_("This page was open for a long time. Please go back, reload it and try again.")),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """`handler400`."""
    return error_response(request, BadRequest())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """`handler404`."""
    return error_response(request, NotVisible())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """`handler403`."""
    return error_response(request, Refused())


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`; also catches a database that is away while a middleware needed it."""
    exc = sys.exc_info()[1]
    return error_response(request, exc if exc is not None else Broken())


def attempt(form: BaseForm, action: Callable[[], T]) -> T | None:
    """Run an action; a DomainError becomes an error of the form, and the answer is None.

    Write actions return something: `if attempt(form, lambda: add_child(...)) is not None: ...`.
    A 404 or a 503 is no matter of the form and goes on to its own page.
    """
    try:
        return action()
    except DomainError as exc:
        if isinstance(exc, NotVisible) or exc.status >= Broken.status:
            raise
        form.add_error(None, ValidationError(str(exc), code=exc.code))
        return None


def respond(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    partial: str = "",
) -> HttpResponse:
    """The page, or for htmx its `partial`; 422 when the form in `context["form"]` has errors."""
    form = context.get("form")
    invalid = isinstance(form, BaseForm) and form.is_bound and bool(form.errors)
    use_partial = partial and getattr(request, "htmx", False) and not request.htmx.boosted  # type: ignore[attr-defined]
    name = partial if use_partial else template
    return render(request, name, dict(context), status=INVALID if invalid else 200)
