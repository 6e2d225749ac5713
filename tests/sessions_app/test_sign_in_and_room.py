"""A sign-in and the live room: being there counts, and a password alone opens no room."""

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session as SignIn
from django.test import Client
from django.utils import timezone

from sessions_app import hub
from tests.cast import PASSPHRASE
from tests.conftest import Live
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import Wire, until


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SIGN_IN_SECONDS", 0.2)


def ends(wire: Wire) -> datetime:
    return SignIn.objects.get(session_key=wire.cookie).expire_date


def test_who_is_in_the_room_is_not_signed_out_by_listening(meeting: Meeting, live: Live) -> None:
    now = timezone.now()
    SignIn.objects.update(expire_date=now + timedelta(minutes=1))
    for one, minutes in ((meeting.child, 60), (meeting.therapist, 15)):
        until(lambda one=one, minutes=minutes: ends(one) > now + timedelta(minutes=minutes - 1))  # type: ignore[misc]
        assert ends(one) < timezone.now() + timedelta(minutes=minutes + 1)
    client = Client()
    client.post("/accounts/login/", {"login": meeting.cast.amara.email, "password": PASSPHRASE})
    key = client.cookies["sessionid"].value
    stranger = Wire(
        f"{live.url.replace('http', 'ws')}/ws/sessions/{meeting.appointment.pk}/",
        origin=live.url,
        cookie=key,
    )
    assert stranger.code() == 4404, "the same as for somebody it has nothing to do with"
    stranger.close()
    meeting.therapist.told()
