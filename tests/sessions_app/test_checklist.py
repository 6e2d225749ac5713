"""The start list: asked every session, kept by the server, sealed, and no licence no session."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import actions as accounts
from accounts.models import Licence
from core.audit.models import AuditEvent
from core.errors import NotVisible
from scheduling.models import Appointment
from sessions_app.actions import checklist, room
from sessions_app.errors import ConsentMissing, Ended, LicenceMissing
from sessions_app.forms import ChecklistForm
from sessions_app.models import Place, StartChecklist
from tests.cast import Cast
from tests.sessions_app.steps import ANSWERS, appointment_now, arrived, listed, seat_of

POSTED = {name: ("on" if value is True else value) for name, value in ANSWERS.items()}


def url(appointment: Appointment) -> str:
    return reverse("session_checklist", args=[appointment.pk])


def test_the_finished_list_opens_the_door(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    arrived(signed.amara, now)
    person = arrived(signed.sam, now)
    answer = as_user(signed.amara).post(url(now), POSTED)
    assert answer.status_code == 302
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    assert seat_of(signed.sam, now).place == Place.ADMITTED
    row = StartChecklist.objects.get()
    assert (row.location, row.place, row.completed_by) == (
        ANSWERS["location"],
        "GB",
        signed.amara,
    )
    event = AuditEvent.objects.get(action="session.checklist")
    assert set(event.fields) >= set(ANSWERS)
    assert ANSWERS["location"] not in str(event.fields)


@pytest.mark.parametrize("question", ANSWERS)
def test_every_question_must_be_answered(
    signed: Cast, now: Appointment, as_user: Callable[..., Client], question: str
) -> None:
    arrived(signed.amara, now)
    answer = as_user(signed.amara).post(url(now), POSTED | {question: ""})
    assert answer.status_code == 422
    assert not StartChecklist.objects.exists()


def test_where_the_child_is_is_asked_anew_in_every_session(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    """Nothing of an earlier list is filled in, nor of this one when it is shown again."""
    arrived(signed.amara, now)
    listed(signed, now)
    week = timedelta(days=7)
    Appointment.objects.filter(pk=now.pk).update(
        starts_at=now.starts_at - week, ends_at=now.ends_at - week
    )
    later = appointment_now(signed)
    page = as_user(signed.amara).get(reverse("session_room", args=[later.pk]))
    assert page.status_code == 200
    assert ANSWERS["location"] not in page.content.decode()
    assert not StartChecklist.objects.filter(session__appointment=later).exists()
    form = page.context["checklist_form"]
    assert not form.is_bound
    assert not any(form[name].value() for name in ChecklistForm.base_fields if name != "place")
    assert form["place"].value() is None
    person = arrived(signed.sam, later)
    answer = as_user(signed.amara).post(url(later), {"place": "GB"})
    assert answer.status_code == 422
    assert seat_of(signed.sam, later).pk == person.pk


def test_no_licence_for_the_place_where_the_child_is_now_blocks(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    """The family lives in Britain; today Sam sits in New York."""
    arrived(signed.amara, now)
    answer = as_user(signed.amara).post(url(now), POSTED | {"place": "US-NY"})
    assert answer.status_code == 422
    assert "no licence for the place" in answer.content.decode()
    assert not StartChecklist.objects.exists()


@pytest.mark.parametrize(
    ("place", "from_day", "until_day", "stands"),
    [
        ("GB", -10, None, True),
        ("GB", -10, 0, True),
        ("GB", -10, -2, False),
        ("GB", 2, None, False),
        ("GB-SCT", -10, None, False),
    ],
)
def test_a_licence_counts_for_its_days_and_its_place(
    signed: Cast, now: Appointment, place: str, from_day: int, until_day: int | None, stands: bool
) -> None:
    today = date.today()  # noqa: DTZ011  # two days' margin: no zone matters
    Licence.objects.filter(therapist=signed.amara_t).delete()
    Licence.objects.create(
        therapist=signed.amara_t,
        place=place,
        valid_from=today + timedelta(days=from_day),
        valid_until=None if until_day is None else today + timedelta(days=until_day + 1),
    )
    if stands:
        assert listed(signed, now).completed_at
        assert listed(signed, now, place="GB-SCT").completed_at, "a country covers its regions"
    else:
        with pytest.raises(LicenceMissing):
            listed(signed, now)


def test_going_on_without_a_licence_needs_a_reason_that_is_recorded(
    signed: Cast, now: Appointment
) -> None:
    arrived(signed.amara, now)
    with pytest.raises(LicenceMissing):
        listed(signed, now, place="US-NY", override_reason="")
    row = listed(signed, now, place="US-NY", override_reason="Sam is in distress on holiday.")
    assert row.override_reason == "Sam is in distress on holiday."
    event = AuditEvent.objects.get(action="session.checklist_override")
    assert event.actor_id == signed.amara.pk
    assert event.child_id == now.child_id


def test_a_reason_that_was_not_needed_is_no_override(signed: Cast, now: Appointment) -> None:
    listed(signed, now, override_reason="just in case")
    assert not AuditEvent.objects.filter(action="session.checklist_override").exists()


@pytest.mark.parametrize("reason", ["", "It must go on."])
def test_without_consent_no_reason_opens_the_door(
    signed: Cast, now: Appointment, reason: str
) -> None:
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    with pytest.raises(ConsentMissing):
        listed(signed, now, override_reason=reason)
    assert not StartChecklist.objects.exists()


def test_what_was_answered_is_sealed_in_the_row(signed: Cast, now: Appointment) -> None:
    listed(signed, now, place="US-NY", override_reason="A secret reason")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM sessions_app_startchecklist")
        raw = b" ".join(
            bytes(cell) if isinstance(cell, memoryview) else str(cell).encode()
            for cell in cursor.fetchone()
        )
    for words in ("Mill Lane", "7946", "kitchen", "Nobody", "secret"):
        assert words.encode() not in raw


def test_it_can_be_corrected_until_the_end(signed: Cast, now: Appointment) -> None:
    arrived(signed.amara, now)
    listed(signed, now)
    assert listed(signed, now, location="The garden").location == "The garden"
    assert StartChecklist.objects.count() == 1
    room.end_for_all(actor=signed.amara, appointment_id=now.pk)
    with pytest.raises(Ended):
        listed(signed, now)


def test_everybody_else_gets_the_404_of_an_unknown_id(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    arrived(signed.amara, now)
    users: list[Any] = [signed.sam, signed.maria, signed.dad, *signed.strangers_to_sam]
    for user in users:
        client = as_user(user)
        assert client.post(url(now), POSTED).status_code == 404
        unknown = reverse("session_checklist", args=[uuid.uuid4()])
        assert client.post(unknown, POSTED).status_code == 404
        with pytest.raises(NotVisible):
            checklist.save_checklist(actor=user, appointment_id=now.pk, answers=ANSWERS)
    assert not StartChecklist.objects.exists()
