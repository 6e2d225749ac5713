"""A tab from before the signing, a button pressed twice, an outcome before its time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app.actions import notes
from sessions_app.models import NoteAddendum, NoteFormat, SessionNote
from tests.cast import Cast
from tests.sessions_app.steps import appointment_now

SOAP = {"subjective": "slept badly", "objective": "", "assessment": "", "plan": "pacing"}


@pytest.fixture
def note_page(signed: Cast) -> str:
    """Of a signed note."""
    appointment = appointment_now(signed)
    who: dict[str, Any] = {"actor": signed.amara, "appointment_id": appointment.pk}
    draft = notes.save_note(**who, note_format=NoteFormat.SOAP, sections=SOAP, version=0)
    notes.sign_note(**who, version=draft.revision)
    return reverse("note", args=[appointment.pk])


@pytest.fixture
def amara(signed: Cast, as_user: Callable[..., Client]) -> Client:
    return as_user(signed.amara)


def test_the_old_tab_is_never_told_that_it_saved_itself(amara: Client, note_page: str) -> None:
    late = SOAP | {"version": 1, "format": "soap", "plan": "pacing and swimming"}
    answer = amara.post(note_page, late, headers={"X-Autosave": "1"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "note_locked"


def test_words_typed_into_the_old_tab_are_offered_as_an_addition(
    amara: Client, note_page: str
) -> None:
    late = SOAP | {"version": 1, "format": "soap", "plan": "pacing and swimming"}
    page = amara.post(note_page, late)
    assert page.status_code == 422
    assert "This note is signed" in page.text
    assert page.context["form"]["body"].value() == "pacing and swimming"
    assert SessionNote.objects.get().sections == SOAP


def test_the_sign_button_pressed_twice_is_no_refusal(amara: Client, note_page: str) -> None:
    again = SOAP | {"version": 0, "format": "soap", "sign": ""}
    assert amara.post(note_page, again).headers["Location"] == note_page


def test_an_addition_sent_twice_is_there_once(amara: Client, note_page: str) -> None:
    for body in ("the mother called", "the mother called", "and again"):
        answer = amara.post(f"{note_page}add/", {"reason": "news", "body": body})
        assert answer.status_code == 302
    assert [row.body for row in NoteAddendum.objects.all()] == ["the mother called", "and again"]


def test_how_it_went_is_not_said_before_it_began(amara: Client, signed: Cast) -> None:
    appointment = appointment_now(signed)
    appointment.starts_at = timezone.now() + timedelta(days=2)
    appointment.ends_at = appointment.starts_at + timedelta(minutes=50)
    appointment.save(update_fields=["starts_at", "ends_at"])
    page = amara.post(
        reverse("session_outcome", args=[appointment.pk]), {"outcome": "no_show"}, follow=True
    )
    assert "has not begun yet" in page.text
    appointment.refresh_from_db()
    assert not appointment.outcome
