"""The small things every page shares."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory

from core import errors, pages


class Form(forms.Form):
    name = forms.CharField()


def fill(text: str, **context: Any) -> str:
    return Template(text).render(Context(context))


def test_a_refusal_by_an_action_is_an_error_of_the_form() -> None:
    form = Form({"name": "x"})

    def refuse() -> str:
        raise errors.Stale

    assert form.is_valid()
    assert pages.attempt(form, refuse) is None
    assert form.errors["__all__"].as_data()[0].code == "stale"
    assert pages.attempt(Form({"name": "x"}), lambda: "done") == "done"


@pytest.mark.parametrize("error", [errors.NotVisible, errors.Busy, errors.Broken])
def test_what_is_no_matter_of_the_form_gets_its_own_page(error: type[Exception]) -> None:
    def refuse() -> None:
        raise error

    with pytest.raises(error):
        pages.attempt(Form({"name": "x"}), refuse)


def answer(form: forms.Form, *, htmx: bool = False) -> Any:
    request: HttpRequest = RequestFactory().get("/")
    request.htmx = type("Htmx", (), {"boosted": False, "__bool__": lambda _self: htmx})()  # type: ignore[attr-defined]
    return pages.respond(
        request,
        "emails/notification.html",
        {"form": form, "message": {"title": "T"}},
        partial="emails/notification.txt",
    )


def test_a_form_with_errors_is_422_and_htmx_gets_the_partial() -> None:
    assert answer(Form()).status_code == 200
    assert answer(Form({"name": "x"})).status_code == 200
    assert answer(Form({"name": ""})).status_code == 422
    assert b"<!doctype" in answer(Form()).content
    assert b"<!doctype" not in answer(Form(), htmx=True).content


def test_times_are_shown_on_the_clock_asked_for() -> None:
    dt = datetime(2026, 11, 24, 16, tzinfo=UTC)
    reader = type("Reader", (), {"time_zone": "Asia/Dubai"})()
    assert fill("{{ dt|local_time }}", dt=dt) == "Tue 24 Nov, 16:00 UTC"
    assert fill("{{ dt|local_time:reader }}", dt=dt, reader=reader) == "Tue 24 Nov, 20:00 UTC+4"
    assert fill("{{ dt|local_clock:'America/New_York' }}", dt=dt) == "11:00"
    assert fill("{{ dt|local_time }}", dt=None) == ""


def test_an_icon_is_our_own_file_hidden_from_screen_readers_unless_it_has_words() -> None:
    assert 'aria-hidden="true"' in fill('{% icon "bell" %}')
    assert "<svg" in fill('{% icon "bell" %}')
    labelled = fill("{% icon 'bell' label %}", label='New "mail" <b>')
    assert 'role="img"' in labelled
    assert "<b>" not in labelled
    for bad in ("nope", "../../../etc/passwd", ""):
        with pytest.raises(TemplateSyntaxError):
            fill("{% icon name %}", name=bad)


def test_cookies_off_or_a_form_open_too_long_is_a_kind_sentence(rf: RequestFactory) -> None:
    response = pages.csrf_failure(rf.post("/"), reason="CSRF cookie not set.")
    assert response.status_code == 403
    assert "open for a long time" in response.content.decode()
    assert "CSRF" not in response.content.decode()
