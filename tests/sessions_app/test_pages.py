"""The pages of a session: who may open which, where each leads, and how many queries it takes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from scheduling.models import Appointment, State, WhoJoins
from sessions_app.actions import room
from sessions_app.models import Participant, Session
from tests.cast import Cast
from tests.queries import asked
from tests.sessions_app.steps import admitted, appointment_now, arrived, listed, written

MOST_QUERIES = 12


def url(name: str, appointment: Appointment) -> str:
    return reverse(name, args=[appointment.pk])


def queries(client: Client, path: str) -> int:
    client.get(path)  # what is made once (a seat, a session) is made
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(asked(seen))


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("sam", "session_check"),
        ("maria", "session_wait"),
        ("sam", "session_room"),
        ("amara", "session_room"),
        ("amara", "note"),
    ],
)
def test_each_page_takes_few_queries(
    signed: Cast, now: Appointment, as_user: Callable[..., Client], who: str, name: str
) -> None:
    admitted(signed, signed.sam, now)
    for n in range(30):
        written(signed.sam, now, f"line {n}")
    count = queries(as_user(getattr(signed, who)), url(name, now))
    assert count <= MOST_QUERIES, count


def test_the_list_of_unsigned_notes_takes_few_queries_however_long(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    for week in range(1, 20):
        shift = timedelta(days=7 * week)
        appointment_now(signed, starts_at=now.starts_at - shift, ends_at=now.ends_at - shift)
    assert queries(as_user(signed.amara), reverse("notes")) <= MOST_QUERIES


def test_everybody_is_led_to_where_they_belong(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    child, therapist = as_user(signed.sam), as_user(signed.amara)
    assert child.get(url("session_room", now))["Location"] == url("session_wait", now)
    assert therapist.get(url("session_wait", now))["Location"] == url("session_room", now)
    admitted(signed, signed.sam, now)
    assert child.get(url("session_wait", now))["Location"] == url("session_room", now)
    room.leave(actor=signed.sam, appointment_id=now.pk)
    assert child.get(url("session_room", now))["Location"] == url("session_wait", now)


@pytest.mark.parametrize("when", ["early", "cancelled", "ended", "past", "consent"])
def test_not_now_leads_back_to_the_appointment(
    signed: Cast, now: Appointment, as_user: Callable[..., Client], when: str
) -> None:
    hour = timedelta(hours=1)
    if when == "early":
        Appointment.objects.update(starts_at=timezone.now() + hour, ends_at=now.ends_at + 2 * hour)
    elif when == "past":
        day = timedelta(days=1)
        Appointment.objects.update(starts_at=now.starts_at - day, ends_at=now.ends_at - day)
    elif when == "cancelled":
        Appointment.objects.update(state=State.CANCELLED)
    elif when == "ended":
        arrived(signed.amara, now)
        room.end_for_all(actor=signed.amara, appointment_id=now.pk)
    else:
        accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    child = as_user(signed.sam)
    for name in ("session_check", "session_wait", "session_room"):
        answer = child.get(url(name, now))
        assert answer["Location"] == url("appointment", now)
    assert not Participant.objects.filter(user=signed.sam).exists()
    page = child.get(url("session_wait", now), follow=True)
    assert page.status_code == 200


def test_what_others_read_holds_no_surname_and_no_address(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    for who in (signed.sam, signed.amara):
        text = as_user(who).get(url("session_room", now)).content.decode()
        assert "@example.org" not in text
        assert "Example" not in text.replace("example.org", "")


def test_the_child_is_told_that_a_grown_up_comes_from_another_place(
    signed: Cast, as_user: Callable[..., Client]
) -> None:
    """Not by name: which of two households comes is nobody's to tell."""
    alone = appointment_now(signed)
    waiting = as_user(signed.sam).get(url("session_wait", alone))
    assert [person.name for person in waiting.context["people"]] == ["Amara"]
    Appointment.objects.update(who_joins=WhoJoins.TWO_PLACES)
    page = as_user(signed.sam).get(url("session_wait", alone))
    assert [person.name for person in page.context["people"]] == ["Amara", "A grown-up"]
    assert "From another place" in page.text


def test_the_room_is_kept_in_no_cache(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    answer = as_user(signed.sam).get(url("session_room", now))
    assert "no-store" in answer["Cache-Control"]


def test_the_family_never_sees_the_start_list(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    listed(signed, now)
    for who in (signed.sam, signed.maria):
        page = as_user(who).get(url("session_room", now), follow=True)
        assert "data-checklist-form" not in page.content.decode()
    therapist = as_user(signed.amara).get(url("session_room", now)).content.decode()
    assert "data-checklist-form" in therapist


def test_nobody_comes_near_without_a_sign_in(client: Client, now: Appointment) -> None:
    names: list[Any] = ["session_check", "session_wait", "session_room", "session_chat", "note"]
    for name in names:
        assert "/accounts/login/" in client.get(url(name, now))["Location"]
    assert not Session.objects.exists()
