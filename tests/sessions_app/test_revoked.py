"""A right that ends closes the open socket at once: withdrawal, sign-out, ended relations."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session as SignIn
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import AssentAnswer, Child, Custody, GuardianLink, Scope
from accounts.selectors import current_document
from core import realtime
from sessions_app import hub
from sessions_app.models import ChatMessage
from tests.cast import PASSPHRASE, Cast
from tests.conftest import Live
from tests.sessions_app.conftest import Meeting
from tests.sessions_app.steps import seat_of

AT_ONCE = 2.0  # seconds; SAFETY.md: effective at once
OFFER = {"description": {"type": "offer", "sdp": "v=0\r\n"}}


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 3600)


def withdraw(cast: Cast) -> None:
    accounts.withdraw_consent(actor=cast.maria, child=cast.sam_child)


def not_now(cast: Cast) -> None:
    accounts.answer_assent(
        actor=cast.sam,
        child=cast.sam_child,
        document=current_document(),
        answer=AssentAnswer.NOT_NOW,
    )


def disagrees(cast: Cast) -> None:
    """Both parents decide, and the other one says no."""
    child = cast.sam_child
    Child.objects.filter(pk=child.pk).update(custody=Custody.BOTH)
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=[Scope.CONSENT])
    accounts.dispute_consent(actor=cast.dad, child=child)


@pytest.mark.parametrize("change", [withdraw, not_now, disagrees])
def test_a_yes_taken_back_closes_the_familys_sockets_at_once(
    meeting: Meeting, change: Callable[[Cast], None]
) -> None:
    guardian = meeting.join(meeting.cast.maria)
    started = time.monotonic()
    change(meeting.cast)
    assert {guardian.code(), meeting.child.code()} == {4403}
    assert time.monotonic() - started < AT_ONCE
    meeting.therapist.told()
    for user in (meeting.cast.sam, meeting.cast.maria):
        assert meeting.open(user, meeting.appointment).code() == 4403


def test_an_ended_guardian_link_closes_that_guardian_only(meeting: Meeting) -> None:
    guardian = meeting.join(meeting.cast.maria)
    other = GuardianLink.objects.get(guardian=meeting.cast.dad)
    GuardianLink.objects.filter(pk=other.pk).update(scopes=["join", "consent"])
    accounts.sign_consent(
        actor=meeting.cast.dad,
        child=meeting.cast.sam_child,
        document=current_document(),
        typed_name="Dan Example",
        answers=[q["right"] for q in current_document().comprehension],
        ip="192.0.2.8",
    )
    link = GuardianLink.objects.get(guardian=meeting.cast.maria)
    started = time.monotonic()
    accounts.end_guardian_link(actor=meeting.cast.amara, link=link, reason="A court says so.")
    assert guardian.code() == 4403
    assert time.monotonic() - started < AT_ONCE
    meeting.child.write("still here")
    assert meeting.open(meeting.cast.maria, meeting.appointment).code() == 4404


def test_a_therapist_off_the_team_is_out(meeting: Meeting) -> None:
    accounts.leave_care_team(actor=meeting.cast.amara, child=meeting.cast.sam_child)
    assert meeting.therapist.code() == 4403
    meeting.child.until("people", paused=True)


def test_signing_out_closes_this_sign_ins_socket_at_once(live: Live, meeting: Meeting) -> None:
    browser = Client()
    browser.cookies["sessionid"] = meeting.child.cookie
    started = time.monotonic()
    answer = browser.post("/accounts/logout/")
    assert answer.status_code == 302
    assert meeting.child.code() == 4401
    assert time.monotonic() - started < AT_ONCE
    meeting.therapist.told()


def test_a_sign_out_elsewhere_leaves_this_device_alone(meeting: Meeting) -> None:
    browser = Client()
    browser.force_login(meeting.cast.sam)
    browser.post("/accounts/logout/")
    meeting.child.write("I am still here")


def test_a_new_passphrase_shuts_a_lost_device_out(meeting: Meeting) -> None:
    accounts.set_child_passphrase(
        actor=meeting.cast.maria, child=meeting.cast.sam_child, passphrase=PASSPHRASE + "-new"
    )
    assert meeting.child.code() == 4401


def test_a_sign_in_that_ends_without_a_bell_is_found_by_the_heartbeat(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    SignIn.objects.filter(session_key=meeting.child.cookie).update(expire_date=timezone.now())
    monkeypatch.setattr("sessions_app.rooms.FRESH_SECONDS", -1)
    meeting.child.send("chat.since", seq=0)
    assert meeting.child.code() == 4401


def test_with_a_dead_redis_every_message_is_checked_all_the_same(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bell of the withdrawal is lost: the next line, and the next signal, find out."""
    guardian = meeting.join(meeting.cast.maria)
    monkeypatch.setattr(realtime, "_group_send", lambda *_: None)
    withdraw(meeting.cast)
    line = {"nonce": str(uuid.uuid4()), "text": "I still talk"}
    assert guardian.turned_away("chat.send", **line) in {"not_in", 4403}
    assert not ChatMessage.objects.exists()
    monkeypatch.setattr("sessions_app.rooms.FRESH_SECONDS", -1)  # the reading has grown old
    to: Any = str(seat_of(meeting.cast.amara, meeting.appointment).pk)
    assert meeting.child.turned_away("signal", to=to, data=OFFER) in {"not_in", 4403}
    assert meeting.child.code() == 4403
    assert guardian.code() == 4403
    assert not [m for m in meeting.therapist.told() if m["type"] == "signal"]
