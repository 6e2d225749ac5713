"""The demo clinic: believable people, and a session to join whenever somebody looks."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Child, Therapist, User
from core.notifications.models import Notification
from core.timezones import local
from scheduling import reminders
from scheduling.models import Appointment, Outcome, State
from sessions_app.models import Part, Participant, Session, SessionNote, SessionState
from telehealth.demo_clinic import PASSWORD
from telehealth.demo_codes import STAFF, code_of
from telehealth.demo_sessions import LENGTH, keep_one_about_to_start
from tests.cast import Cast

NOON = datetime(2027, 3, 9, 12, 0, 20, tzinfo=UTC)
START = datetime(2027, 3, 9, 12, 10, tzinfo=UTC)


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Any:
    settings.DEMO = True
    settings.VAR_DIR = tmp_path
    return settings


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def somebody_comes(appointment: Appointment, state: SessionState = SessionState.LIVE) -> Session:
    session, _created = Session.objects.get_or_create(appointment=appointment)
    session.state, session.started_at = state, timezone.now()
    session.save()
    Participant.objects.get_or_create(
        session=session, user=appointment.child.user, defaults={"part": Part.CHILD}
    )
    return session


def end(session: Session) -> None:
    session.state, session.ended_at = SessionState.ENDED, timezone.now()
    session.save()
    Appointment.objects.filter(pk=session.appointment_id).update(outcome=Outcome.COMPLETED)


@pytest.mark.django_db
def test_the_clinic_is_believable_and_loading_it_again_changes_nothing(demo: Any) -> None:
    call_command("load_demo")
    therapists, children = Therapist.objects.all(), Child.objects.select_related("user")
    assert therapists.count() == 3
    assert children.count() == 8
    assert len({child.user.time_zone for child in children}) == 4
    for user in User.objects.exclude(email=None).exclude(email=""):
        assert user.email.endswith("@demo.example")

    now = timezone.now()
    booked = Appointment.objects.booked().select_related("child__user")
    for row in booked.exclude(child__user__username="sam"):
        assert 7 <= local(row.starts_at, row.child.user.zone).hour < 20, row
    assert {row.child_id for row in booked.filter(starts_at__gt=now)} == {
        row.child_id for row in booked.filter(ends_at__lt=now)
    }
    assert Appointment.objects.filter(state=State.CANCELLED, outcome=Outcome.FLARE).exists()
    assert SessionNote.objects.exclude(signed_at=None).exists()
    assert SessionNote.objects.filter(signed_at=None).exists()
    assert booked.filter(outcome=Outcome.COMPLETED, note=None).exists()
    assert Notification.objects.filter(kind=reminders.REMINDER).exists()

    before = User.objects.count(), Appointment.objects.count(), SessionNote.objects.count()
    call_command("load_demo")
    after = User.objects.count(), Appointment.objects.count(), SessionNote.objects.count()
    assert after == before


@pytest.mark.django_db
def test_everybody_the_start_names_can_sign_in_and_has_a_home(demo: Any) -> None:
    call_command("load_demo")
    text = (demo.VAR_DIR / "demo-sign-ins.txt").read_text()
    assert PASSWORD in text
    assert max(len(line) for line in text.splitlines()) <= 80
    named = {name for name in User.objects.values_list("username", flat=True) if name in text}
    assert named == set(User.objects.values_list("username", flat=True))
    for name in sorted(named):
        client = Client()
        assert client.login(username=name, password=PASSWORD), name
        home = client.get("/")
        if name in {row[0] for row in STAFF}:
            assert home["Location"] == "/accounts/2fa/", name
            client.post("/accounts/2fa/reauthenticate/", {"code": code_of(name)})
            home = client.get("/")
        assert home.status_code == 200, name
    soon = keep_one_about_to_start()
    sam = Client()
    sam.force_login(soon.child.user)
    assert str(soon.pk) in sam.get("/").content.decode()  # the way to the device check
    assert f"{local(soon.starts_at, soon.child.user.zone):%H:%M}" in text


@pytest.mark.django_db
def test_only_the_demo_loads_it(settings: Any, cast: Cast) -> None:
    with pytest.raises(CommandError, match="only with the demo settings"):
        call_command("load_demo")
    with pytest.raises(RuntimeError):
        keep_one_about_to_start()
    assert not Appointment.objects.exists()


def test_starts_within_minutes_share_one_session(demo: Any, signed: Cast) -> None:
    with at(NOON):
        first = keep_one_about_to_start()
    assert first.starts_at == START
    for minutes in (1, 5, 9):
        with at(NOON + timedelta(minutes=minutes)):
            assert keep_one_about_to_start() == first
    assert Appointment.objects.get().starts_at == START


@pytest.mark.parametrize("later", [timedelta(minutes=11), timedelta(hours=5), timedelta(days=9)])
def test_a_session_nobody_came_to_moves_to_the_next_start(
    demo: Any, signed: Cast, later: timedelta
) -> None:
    with at(NOON):
        first = keep_one_about_to_start()
    with at(NOON + later):
        assert keep_one_about_to_start() == first
    row = Appointment.objects.get()
    assert (row.starts_at, row.ends_at) == (START + later, START + later + LENGTH)
    assert row.sequence == 1
    assert not row.outcome


def test_while_it_runs_people_may_be_late(demo: Any, signed: Cast) -> None:
    with at(NOON):
        first = keep_one_about_to_start(patient=True)
    with at(START + timedelta(minutes=24)):
        assert keep_one_about_to_start(patient=True).starts_at == START
    with at(START + timedelta(minutes=26)):
        assert keep_one_about_to_start(patient=True) == first
    assert Appointment.objects.get().starts_at == START + timedelta(minutes=36)


def test_nobody_is_moved_out_of_a_session_under_way(demo: Any, signed: Cast) -> None:
    with at(NOON):
        first = keep_one_about_to_start()
        somebody_comes(first, SessionState.PLANNED)
    for minutes in (5, 30, 55):
        for patient in (True, False):
            with at(NOON + timedelta(minutes=minutes)):
                assert keep_one_about_to_start(patient=patient) == first
    assert Appointment.objects.get().starts_at == START


@pytest.mark.parametrize("ended", [-4, 12, 45], ids=["before its time", "early", "almost in time"])
def test_after_one_that_ended_the_next_start_has_a_new_one(
    demo: Any, signed: Cast, ended: int
) -> None:
    with at(NOON):
        first = keep_one_about_to_start()
    with at(START - timedelta(minutes=7)):
        session = somebody_comes(first)
    with at(START + timedelta(minutes=ended)):
        end(session)
        quiet = keep_one_about_to_start(patient=True)
        second = keep_one_about_to_start()
    assert quiet == first
    assert second != first
    assert second.starts_at == START + timedelta(minutes=ended + 10)
    first.refresh_from_db()
    assert first.ends_at == START + timedelta(minutes=ended)
    assert first.starts_at < first.ends_at
    assert first.outcome == Outcome.COMPLETED
    assert Notification.objects.filter(kind=reminders.BOOKED, subject_id=second.pk).exists()


def test_a_running_demo_leaves_time_for_the_note_then_has_a_new_one(
    demo: Any, signed: Cast
) -> None:
    with at(NOON):
        first = keep_one_about_to_start(patient=True)
    with at(START):
        session = somebody_comes(first)
    ended = START + timedelta(minutes=20)
    with at(ended):
        end(session)
    with at(ended + timedelta(minutes=19)):
        assert keep_one_about_to_start(patient=True) == first
    with at(ended + timedelta(minutes=21)):
        second = keep_one_about_to_start(patient=True)
    assert second.starts_at == ended + timedelta(minutes=31)


def other_session(cast: Cast, starts_at: datetime) -> Appointment:
    return Appointment.objects.create(
        child=cast.timo_child,
        therapist=cast.amara_t,
        starts_at=starts_at,
        ends_at=starts_at + LENGTH,
        state=State.BOOKED,
        booked_by=cast.olga,
    )


def test_another_session_at_that_time_is_put_off_to_a_free_day_and_its_people_told(
    demo: Any, signed: Cast
) -> None:
    in_the_way = other_session(signed, START + timedelta(minutes=20))
    tomorrow = other_session(signed, START + timedelta(days=1, minutes=45))
    with at(NOON):
        assert keep_one_about_to_start().starts_at == START
    in_the_way.refresh_from_db()
    assert in_the_way.starts_at == START + timedelta(days=2, minutes=20)
    assert in_the_way.state == State.BOOKED
    assert Notification.objects.filter(kind=reminders.MOVED, subject_id=in_the_way.pk).exists()
    tomorrow.refresh_from_db()
    assert tomorrow.starts_at == START + timedelta(days=1, minutes=45)


def test_a_session_with_somebody_in_it_is_waited_for(demo: Any, signed: Cast) -> None:
    going_on = other_session(signed, NOON - timedelta(minutes=20))
    with at(NOON):
        somebody_comes(going_on)
        assert keep_one_about_to_start().starts_at == going_on.ends_at
    assert Appointment.objects.get(pk=going_on.pk).starts_at == going_on.starts_at


@pytest.mark.parametrize(("module", "kept"), [("demo", True), ("test", False)])
def test_beat_keeps_the_session_in_the_demo_only(module: str, kept: bool, tmp_path: Path) -> None:
    show = "import django; django.setup(); from telehealth.celery import app; "
    done = subprocess.run(
        [sys.executable, "-c", show + "print(*app.conf.beat_schedule)"],
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": f"telehealth.settings.{module}", "LANTERN_VAR": str(tmp_path)}
        | {"DATABASE_URL": "postgres://x/y", "REDIS_URL": "redis://x"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("keep-demo-session" in done.stdout.split()) == kept
    assert re.search(r"\bdeliver-due\b", done.stdout)
