"""The pages in a browser without a script: five presses to a booking, and every wrong turn."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from scheduling import actions
from scheduling.models import Appointment, CancelReason, State, WeeklyHours
from tests.cast import Cast, client_for, sign
from tests.queries import asked
from tests.scheduling.steps import a_time, booked, held

MOST_QUERIES = 12


def text(response: Any) -> str:
    return str(response.content.decode())


def slots_on(response: Any) -> list[str]:
    return re.findall(r'name="slot" value="([^"]+)"', text(response))


def press(client: Client, cast: Cast, slot: str, **more: str) -> Any:
    url = reverse("book_hold", args=[cast.sam_child.pk])
    return client.post(url, {"slot": slot, "minutes": "50", **more})


@pytest.fixture
def maria(signed: Cast) -> Client:
    return client_for(signed.maria)


def test_five_presses_without_a_script(signed: Cast, maria: Client) -> None:
    first = maria.get(reverse("book", args=[signed.sam_child.pk]))
    therapist_url = re.search(rf'href="([^"]+therapist={signed.amara_t.pk}[^"]*)"', text(first))
    assert therapist_url
    second = maria.get(therapist_url[1].replace("&amp;", "&"))  # 1: the therapist
    days = re.findall(r'class="day" href="([^"]+)"', text(second))
    third = maria.get(days[-1].replace("&amp;", "&"))  # 2: the day
    fourth = press(maria, signed, slots_on(third)[0])  # 3: the time
    assert fourth.status_code == 302
    confirm = maria.get(fourth["Location"])
    assert "We keep this time for you until" in text(confirm)
    fifth = maria.post(fourth["Location"], {"who_joins": "together"})  # 4 and 5
    done = maria.get(fifth["Location"])

    appointment = Appointment.objects.get()
    assert appointment.state == State.BOOKED
    assert fifth["Location"] == reverse("appointment", args=[appointment.pk])
    assert "Booked. We will remind you." in text(done)


def test_the_back_button_after_booking_shows_the_booking(signed: Cast, maria: Client) -> None:
    appointment = held(signed)
    url = reverse("book_confirm", args=[appointment.pk])
    assert "no-store" in maria.get(url)["Cache-Control"]
    maria.post(url, {"who_joins": "child"})
    back = maria.get(url)
    assert back["Location"] == reverse("appointment", args=[appointment.pk])
    again = maria.post(url, {"who_joins": "child"})
    assert again.status_code == 302
    assert Appointment.objects.booked().count() == 1


def test_a_taken_time_shows_fresh_ones_and_keeps_who_joins(signed: Cast, maria: Client) -> None:
    sign(signed.olga, signed.timo_child)
    kept = held(signed)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        held(signed, kept.starts_at, actor=signed.olga, child=signed.timo_child)
        response = maria.post(reverse("book_confirm", args=[kept.pk]), {"who_joins": "two_places"})
        assert response.status_code == 409
        assert "Somebody just took that time" in text(response)
        assert 'name="who" value="two_places"' in text(response)
        fresh = slots_on(response)
        assert fresh
        assert f"{signed.amara_t.pk}|{kept.starts_at:%Y-%m-%dT%H:%M:%SZ}" not in fresh
        next_page = maria.get(press(maria, signed, fresh[0], who="two_places")["Location"])
    assert re.search(r'value="two_places"[^>]*checked', text(next_page))


@pytest.mark.parametrize(
    "slot",
    [
        "",
        "nonsense",
        "a|b",
        "{therapist}|2026-13-45T99:00:00Z",
        "{therapist}|2027-03-01T10:00:00",
        "{therapist}|1999-01-01T10:00:00Z",
        "{therapist}|9999-12-31T23:59:59Z",
        "{therapist}|0001-01-01T00:00:00+14:00",
        "{unknown}|2027-03-01T10:00:00Z",
        "{therapist}|2027-03-01T10:07:00Z",
    ],
)
def test_a_tampered_time_gets_a_sentence_and_fresh_times(
    signed: Cast, maria: Client, slot: str
) -> None:
    slot = slot.format(therapist=signed.amara_t.pk, unknown=uuid.uuid4())
    response = press(maria, signed, slot, day="not-a-day")
    assert response.status_code == 422
    assert "Please" in text(response)
    assert slots_on(response)
    assert not Appointment.objects.exists()


def test_nonsense_in_the_address_is_ignored(signed: Cast, maria: Client) -> None:
    url = reverse("book_times", args=[signed.sam_child.pk])
    for query in ("?day=1", "?day=9999-12-31", "?day=0001-01-01", "?minutes=-4", "?minutes=x"):
        assert maria.get(url + query).status_code == 200
    empty = maria.get(f"{url}?therapist={uuid.uuid4()}")
    assert "Nothing is free" in text(empty)


def test_without_consent_the_page_says_what_is_missing(cast: Cast) -> None:
    response = client_for(cast.maria).get(reverse("book", args=[cast.sam_child.pk]))
    assert "everybody who decides needs to say yes" in text(response)
    times = client_for(cast.maria).get(reverse("book_times", args=[cast.sam_child.pk]))
    assert times.status_code == 302


def test_another_zone_sees_both_clocks(signed: Cast) -> None:
    User.objects.filter(pk=signed.maria.pk).update(time_zone="America/New_York")
    page = client_for(User.objects.get(pk=signed.maria.pk)).get(
        reverse("book_times", args=[signed.sam_child.pk])
    )
    assert "for Sam" in text(page)
    assert "New York" in text(page)


def test_an_hour_that_happens_twice_is_named_apart(signed: Cast) -> None:
    """31 October 2027, London: 01:00 BST and 01:00 GMT are an hour apart."""
    with time_machine.travel("2027-10-26T09:00:00Z", tick=False):
        WeeklyHours.objects.filter(therapist=signed.amara_t).delete()
        actions.add_weekly_hours(
            actor=signed.amara,
            therapist=signed.amara_t,
            weekdays=[6],
            start_minute=0,
            end_minute=4 * 60,
        )
        page = client_for(signed.maria).get(
            reverse("book_times", args=[signed.sam_child.pk]),
            {"therapist": signed.amara_t.pk, "day": "2027-10-31"},
        )
    assert "<b>01:00 BST</b>" in text(page)
    assert "<b>01:00 GMT</b>" in text(page)


def test_moving_in_two_presses(signed: Cast, maria: Client) -> None:
    appointment = booked(signed)
    url = reverse("appointment_move", args=[appointment.pk])
    page = maria.get(url)
    link = re.search(r'class="time" href="([^"]+)"', text(page))
    assert link
    chosen = maria.get(url + link[1].replace("&amp;", "&"))
    instant = re.search(r'name="starts_at" value="([^"]+)"', text(chosen))
    assert instant
    done = maria.post(url, {"starts_at": instant[1]})
    assert done.status_code == 302
    appointment.refresh_from_db()
    assert appointment.sequence == 1


@pytest.mark.parametrize("value", ["", "soon", "1999-01-01T10:00:00Z", "2027-03-01T10:07:00Z"])
def test_a_tampered_move_keeps_the_old_time(signed: Cast, maria: Client, value: str) -> None:
    appointment = booked(signed)
    url = reverse("appointment_move", args=[appointment.pk])
    response = maria.post(url, {"starts_at": value})
    assert response.status_code == 422
    appointment.refresh_from_db()
    assert appointment.sequence == 0


def test_cancelling_asks_why_kindly(signed: Cast, maria: Client) -> None:
    appointment = booked(signed)
    url = reverse("appointment_cancel", args=[appointment.pk])
    page = text(maria.get(url))
    assert page.index("A flare or a hard pain day") < page.index("School or an exam")
    assert "The clinic had to cancel" not in page
    assert maria.post(url, {}).status_code == 422
    assert maria.post(url, {"reason": "clinic"}).status_code == 422
    assert maria.post(url, {"reason": "flare"}).status_code == 302
    done = text(maria.get(reverse("appointment", args=[appointment.pk])))
    assert "that is all right" in done
    assert "flare" not in done.lower()


def test_join_opens_fifteen_minutes_before_the_start(signed: Cast, maria: Client) -> None:
    appointment = booked(signed)
    url, check = (
        reverse("appointment", args=[appointment.pk]),
        reverse("session_check", args=[appointment.pk]),
    )
    assert check not in text(maria.get(url))
    with time_machine.travel(appointment.starts_at - timedelta(minutes=10)):
        assert check in text(client_for(signed.maria).get(url))
        dad = text(client_for(signed.dad).get(url))
        assert check not in dad, "seeing is not joining"
        amara = text(client_for(signed.amara).get(url))
        assert reverse("session_room", args=[appointment.pk]) in amara


EVERYBODY = ("maria", "dad", "olga", "sam", "timo", "amara", "ben", "mo", "pat")
# the url name, what its id is of, and who may open it
DOORS: list[tuple[str, str, set[str]]] = [
    ("book", "child", {"maria", "amara"}),
    ("book_times", "child", {"maria", "amara"}),
    ("book_confirm", "held", {"maria"}),
    ("appointment", "booked", {"maria", "dad", "sam", "amara"}),
    ("appointment_move", "booked", {"maria", "amara"}),
    ("appointment_cancel", "booked", {"maria", "amara"}),
    ("appointment_file", "booked", {"maria", "dad", "sam", "amara"}),
    ("child_rhythm", "child", {"maria", "amara"}),
    ("hours", "", {"amara", "ben"}),
    (
        "appointments",
        "",
        set(EVERYBODY),
    ),
    (
        "calendar_feed",
        "",
        set(EVERYBODY),
    ),
    (
        "reminders",
        "",
        set(EVERYBODY),
    ),
]


def door(cast: Cast, name: str, subject: str, session: Appointment, hold: Appointment) -> str:
    ids = {"child": cast.sam_child.pk, "held": hold.pk, "booked": session.pk}
    return reverse(name, args=[ids[subject]] if subject else [])


@pytest.mark.parametrize(("name", "subject", "may"), DOORS, ids=[row[0] for row in DOORS])
def test_every_door_for_everybody(signed: Cast, name: str, subject: str, may: set[str]) -> None:
    """Strangers get the very 404 of an id that does not exist; nobody signed in is sent to."""
    session = booked(signed, a_time(signed, n=0))
    hold = held(signed, a_time(signed, n=6))
    url = door(signed, name, subject, session, hold)
    for who in EVERYBODY:
        response = client_for(getattr(signed, who)).get(url)
        assert response.status_code == (200 if who in may else 404), who
        if who not in may and subject:
            missing = reverse(name, args=[uuid.uuid4()])
            assert client_for(getattr(signed, who)).get(missing).status_code == 404
    out = Client().get(url)
    assert out.status_code == 302
    assert "login" in out["Location"]


POST_DOORS = ["book_hold", "book_confirm", "book_release", "appointment_move"]
POST_DOORS += ["appointment_cancel", "rhythm_add", "rhythm_rest"]


@pytest.mark.parametrize("name", POST_DOORS)
def test_no_stranger_writes_through_a_form(signed: Cast, name: str) -> None:
    session = booked(signed, a_time(signed, n=0))
    hold = held(signed, a_time(signed, n=6))
    subject = {
        "book_confirm": hold.pk,
        "book_release": hold.pk,
        "appointment_move": session.pk,
        "appointment_cancel": session.pk,
    }.get(name, signed.sam_child.pk)
    for user in (*signed.strangers_to_sam, signed.dad, signed.sam):
        response = client_for(user).post(reverse(name, args=[subject]), {"reason": "flare"})
        assert response.status_code == 404
    assert Client().post(reverse(name, args=[subject])).status_code == 302


PAGES = [
    "book",
    "book_times",
    "book_confirm",
    "appointment",
    "appointment_move",
    "appointment_cancel",
    "appointments",
    "child_rhythm",
    "calendar_feed",
    "reminders",
    "hours",
]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_the_database_little(signed: Cast, name: str) -> None:
    """However many appointments and therapists there are: at most twelve queries, none repeated."""
    session = booked(signed, a_time(signed, n=0))
    for n in range(6):
        booked(signed, a_time(signed, n=n * 7 + 3))
    old = booked(signed, a_time(signed, n=40))
    actions.cancel(actor=signed.maria, appointment=old, reason=CancelReason.FLARE)
    hold = held(signed, a_time(signed, n=60))
    subject = next(what for known, what, _may in DOORS if known == name)
    url = door(signed, name, subject, session, hold)
    client = client_for(signed.amara if name == "hours" else signed.maria)
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    sent = asked(queries)
    assert len(sent) <= MOST_QUERIES, "\n".join(sql[:150] for sql in sent)
