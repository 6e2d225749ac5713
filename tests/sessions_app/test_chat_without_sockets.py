"""Sockets are blocked, or there is no script: waiting, being let in and chat by plain pages."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from scheduling.models import Appointment
from sessions_app.actions import room
from sessions_app.models import ChatMessage, Participant, Place
from sessions_app.selectors import waiting_now
from tests.cast import Cast
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import admitted, arrived, listed, seat_of, written

JSON = {"Accept": "application/json"}


def url(appointment: Appointment, name: str = "session_chat") -> str:
    return reverse(name, args=[appointment.pk])


def line(text: str, nonce: str = "") -> dict[str, str]:
    return {"nonce": nonce or str(uuid.uuid4()), "text": text}


def test_a_family_waits_by_page_and_is_let_in(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    """The page that asks every few seconds is the whole proof of being there."""
    child = as_user(signed.sam)
    arrived(signed.amara, now)
    listed(signed, now)
    assert child.get(url(now, "session_wait")).status_code == 200
    assert now in waiting_now(signed.amara)
    room.admit(actor=signed.amara, appointment_id=now.pk)
    answer = child.get(url(now, "session_wait"))
    assert answer["Location"] == url(now, "session_room")
    assert seat_of(signed.sam, now).joined_at is not None
    assert child.get(url(now, "session_room")).status_code == 200
    assert child.post(url(now), line("hello"))["Location"] == url(now, "session_room")
    assert "hello" in child.get(url(now, "session_room")).content.decode()


def test_a_page_that_is_not_asked_any_more_is_gone(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    as_user(signed.sam).get(url(now, "session_wait"))
    Participant.objects.update(seen_at=timezone.now() - timedelta(seconds=41))
    assert now not in waiting_now(signed.amara)


def test_a_page_never_takes_a_sockets_seat(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    arrived(signed.sam, now, "socket")
    as_user(signed.sam).get(url(now, "session_wait"))
    assert seat_of(signed.sam, now).connection == "socket"


def test_a_therapists_page_is_no_professional_in_the_room(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    """Never alone: somebody must see and hear, not only ask a page."""
    as_user(signed.amara).get(url(now, "session_room"))
    as_user(signed.amara).get(url(now))
    assert seat_of(signed.amara, now).connection == ""


def test_the_form_answers_scripts_with_the_line_as_the_socket_would(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    person = admitted(signed, signed.sam, now)
    nonce = str(uuid.uuid4())
    child = as_user(signed.sam)
    first = child.post(url(now), line("hello", nonce), headers=JSON).json()
    again = child.post(url(now), line("hello", nonce), headers=JSON).json()
    assert first == again
    assert (first["seq"], first["nonce"], first["sender"]) == (1, nonce, str(person.pk))
    assert ChatMessage.objects.count() == 1
    since = as_user(signed.amara).get(url(now), {"since": "0"}).json()["messages"]
    assert [(row["seq"], row["text"]) for row in since] == [(1, "hello")]
    assert as_user(signed.amara).get(url(now), {"since": "1"}).json()["messages"] == []


@pytest.mark.parametrize("since", ["", "-1", "x", "٣", "9" * 5_000, str(2**40)])
def test_a_nonsense_since_is_everything(
    signed: Cast, now: Appointment, as_user: Callable[..., Client], since: str
) -> None:
    admitted(signed, signed.sam, now)
    written(signed.sam, now, "hello")
    answer = as_user(signed.sam).get(url(now), {"since": since})
    assert answer.status_code == 200
    if since != "٣":  # a three in Arabic is a three
        assert len(answer.json()["messages"]) == 1


BAD = {
    "empty": (line("  "), "bad_shape"),
    "no text": ({"nonce": str(uuid.uuid4())}, "bad_shape"),
    "no nonce": ({"text": "hello"}, "bad_shape"),
    "a bad nonce": (line("hello", "nonsense"), "bad_shape"),
    "long": (line("x" * 4_001), "too_long"),
    "100 kB": (line("x" * 100_000), "too_long"),
    "a zero byte": (line("a\x00b"), "bad_shape"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_lines_are_refused_with_a_code_or_a_sentence(
    signed: Cast, now: Appointment, as_user: Callable[..., Client], name: str
) -> None:
    admitted(signed, signed.sam, now)
    posted, code = BAD[name]
    child = as_user(signed.sam)
    answer = child.post(url(now), posted, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    page = child.post(url(now), posted, follow=True)
    assert answer.json()["message"] in page.content.decode()
    assert not ChatMessage.objects.exists()


def test_from_the_waiting_room_nothing_is_written_and_nothing_read(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    written(signed.sam, now, "for the therapist")
    guardian = as_user(signed.maria)
    guardian.get(url(now, "session_wait"))
    answer = guardian.post(url(now), line("hello"), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in")
    assert guardian.get(url(now), {"since": "0"}).json() == {"messages": []}
    room_page = guardian.get(url(now, "session_room"))
    assert room_page["Location"] == url(now, "session_wait")
    assert "for the therapist" not in guardian.get(url(now, "session_wait")).content.decode()


def test_never_alone_by_form_either_and_the_page_tries_again(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    mine = seat_of(signed.amara, now)
    room.seat_lost(participant_id=mine.pk, connection=mine.connection)
    child, nonce = as_user(signed.sam), str(uuid.uuid4())
    answer = child.post(url(now), line("psst", nonce), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (503, "paused"), "5xx: sent again later"
    page = child.post(url(now), line("psst"))
    assert page.status_code == 503
    assert ">psst</textarea>" in page.text, "without a script the words are back in their field"
    arrived(signed.amara, now)
    assert child.post(url(now), line("psst", nonce), headers=JSON).json()["seq"] == 1


def test_strangers_get_the_404_of_an_unknown_id(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    users: list[Any] = [signed.dad, *signed.strangers_to_sam]
    for user in users:
        client = as_user(user)
        for about in (now, Appointment(pk=uuid.uuid4())):
            for name in ("session_check", "session_wait", "session_room", "session_chat"):
                assert client.get(url(about, name)).status_code == 404
            assert client.post(url(about), line("hello")).status_code == 404
    assert Participant.objects.count() == 2


def test_withdrawn_consent_ends_the_form_with_a_sentence(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    answer = as_user(signed.sam).post(url(now), line("hello"), headers=JSON)
    assert answer.status_code == 403
    assert not ChatMessage.objects.exists()


def test_other_methods_do_nothing(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    admitted(signed, signed.sam, now)
    assert as_user(signed.sam).put(url(now)).status_code == 405
    assert as_user(signed.sam).get(url(now, "session_checklist")).status_code == 405


def test_a_line_by_form_reaches_open_sockets(
    meeting: Meeting, as_user: Callable[..., Client]
) -> None:
    as_user(meeting.cast.sam).post(url(meeting.appointment), line("by form"))
    assert meeting.therapist.until("chat")["text"] == "by form"
    meeting.therapist.write("by socket")
    rows = as_user(meeting.cast.sam).get(url(meeting.appointment), {"since": "1"}).json()
    assert [row["text"] for row in rows["messages"]] == ["by socket"]
    assert seat_of(meeting.cast.sam, meeting.appointment).place == Place.ADMITTED
