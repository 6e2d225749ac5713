"""A copy of a record: each gets what they may see, once, while they may see it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import GuardianLink, User
from core.actors import SystemActor
from core.audit.models import AuditEvent
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from records import actions
from records.actions import copies
from records.errors import EnoughCopies
from records.models import CopyFile, CopyState, RecordCopy
from records.packing import _cell
from records.tasks import build_copies
from tests.cast import Cast, client_for, sign, time_passes
from tests.records.steps import (
    ADDED,
    ALONE,
    FORMULA,
    HOME,
    NOTE,
    QUESTION,
    REPLY,
    TOGETHER,
    Story,
    older,
    opened,
    whole_record,
)

WORKER = SystemActor("copies")


@pytest.fixture
def story(signed: Cast) -> Story:
    """A family with consent and little else: enough for how a copy comes and goes."""
    older(signed, 13)
    return Story(signed)


@pytest.fixture
def whole(signed: Cast) -> Story:
    older(signed, 13)
    return whole_record(signed)


def asked(client: Client, story: Story) -> RecordCopy:
    assert client.post(reverse("record_copy", args=[story.child.pk])).status_code == 302
    return RecordCopy.objects.latest("asked_at")


def fetched(client: Client, copy: RecordCopy) -> Any:
    return client.post(reverse("copy_take", args=[copy.pk]))


def copy_of(story: Story, user: User) -> tuple[dict[str, bytes], dict[str, Any]]:
    client = client_for(user)
    copy = asked(client, story)
    assert build_copies() == 1
    return opened(fetched(client, copy).content)


def test_each_finds_theirs_and_nobody_finds_anothers_words(whole: Story) -> None:
    cast = whole.cast
    secrets = {QUESTION, REPLY, ALONE, TOGETHER, NOTE, ADDED, HOME}
    may = {
        cast.sam: {QUESTION, REPLY, ALONE, TOGETHER},
        cast.maria: {TOGETHER},
        cast.amara: secrets,
    }
    for user, theirs in may.items():
        files, record = copy_of(whole, user)
        text = b"\n".join(content for name, content in files.items() if name != "record.pdf")
        found = {words for words in secrets if words.encode() in text}
        assert found == theirs, user
        assert files["record.pdf"].startswith(b"%PDF-")
        assert {"read-me.txt", "record.json", "record.pdf", "tables/about.csv"} <= set(files)
        appointments = record["tables"]["appointments"]["rows"]
        assert {row["state"] for row in appointments} == {"Booked", "Cancelled"}
        assert record["tables"]["about"]["rows"][0]["name"] == "Sam"
    # the agreement exactly as it was shown hangs on the copy of who signed it, and on no other
    assert any(name.startswith("files/consents/") for name in copy_of(whole, cast.maria)[0])
    assert not any(name.startswith("files/consents/") for name in copy_of(whole, cast.sam)[0])


def test_a_second_parent_gets_own_words_and_not_the_others(whole: Story) -> None:
    cast = whole.cast
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=["consent", "join"])
    sign(cast.dad, whole.child)
    _files, record = copy_of(whole, cast.dad)
    signatures = record["tables"]["consents"]["rows"]
    assert [bool(row["typed_name"]) for row in signatures] == [False, True]
    assert [row["network"] for row in signatures] == [None, "192.0.2.0"]
    assert "session_chat" not in record["tables"]  # was in no session
    people = record["tables"]["attendance"]["rows"]
    assert {row["as"] for row in people} == {"Child", "Therapist"}
    assert all("inbox" not in name for name in record["tables"])


def test_a_cell_that_a_spreadsheet_would_run_is_only_text(whole: Story) -> None:
    files, _record = copy_of(whole, whole.cast.amara)
    rows = list(csv.DictReader(io.StringIO(files["tables/session_chat.csv"].decode("utf-8-sig"))))
    assert rows[-1]["text"] == f"'{FORMULA}"
    for start in ("=1", "+1", "-1", "@x", "\tx", "\rx", "\nx"):
        assert _cell(start) == f"'{start}"
    assert _cell("1-1") == "1-1"


def test_it_is_sealed_while_it_waits_and_gone_once_it_is_fetched(story: Story) -> None:
    client = client_for(story.cast.maria)
    copy = asked(client, story)
    build_copies()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM records_copyfile")
        raw = bytes(cursor.fetchone()[0])
    assert not raw.startswith(b"PK")
    assert b"record.json" not in raw
    assert client.get(reverse("copy_take", args=[copy.pk])).status_code == 200
    first = fetched(client, copy)
    assert first["Content-Type"] == "application/zip"
    assert "no-store" in first["Cache-Control"]
    assert not CopyFile.objects.exists()
    again = fetched(client, copy)
    assert again.status_code == 302
    page = client.get(again["Location"])
    assert "This copy is no longer there" in page.text
    done = AuditEvent.objects.filter(action__startswith="copy.").values_list("action", flat=True)
    assert list(done) == ["copy.view", "copy.ask", "copy.build", "copy.take", "copy.refused"]


def test_who_asked_is_told_without_a_name_and_fetches_it_from_the_message(story: Story) -> None:
    client = client_for(story.cast.maria)
    copy = asked(client, story)
    build_copies()
    deliver_due()
    message = InboxMessage.objects.filter(recipient=story.cast.maria).latest("created_at")
    assert message.action_path == reverse("copy_take", args=[copy.pk])
    assert "Sam" not in message.title + message.body


def test_the_link_opens_for_nobody_else_and_the_try_is_noted(story: Story) -> None:
    copy = asked(client_for(story.cast.maria), story)
    build_copies()
    for who in ("olga", "dad", "amara", "pat", "sam"):
        client = client_for(getattr(story.cast, who))
        for response in (client.get(reverse("copy_take", args=[copy.pk])), fetched(client, copy)):
            assert response.status_code == 404
    assert AuditEvent.objects.filter(action="copy.refused").count() == 5
    assert RecordCopy.objects.get(pk=copy.pk).state == CopyState.READY


def test_a_link_that_ended_meanwhile_opens_nothing_before_and_after_building(story: Story) -> None:
    client = client_for(story.cast.maria)
    copy = asked(client, story)
    build_copies()
    accounts.end_guardian_link(
        actor=story.cast.maria, link=GuardianLink.objects.get(guardian=story.cast.maria)
    )
    client = client_for(story.cast.maria)
    assert fetched(client, copy).status_code == 404
    RecordCopy.objects.update(state=CopyState.WAITING, claimed_until=None)
    assert build_copies() == 0
    assert RecordCopy.objects.get().state == CopyState.EXPIRED
    assert not CopyFile.objects.exists()


def test_it_waits_three_days_and_is_then_gone(story: Story) -> None:
    client = client_for(story.cast.maria)
    copy = asked(client, story)
    build_copies()
    assert actions.expire_copies(actor=WORKER) == 0
    RecordCopy.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert fetched(client, copy).status_code == 302
    assert "Can be fetched" not in client.get(reverse("record_copy", args=[story.child.pk])).text
    assert actions.expire_copies(actor=WORKER) == 1
    assert not CopyFile.objects.exists()
    assert asked(client, story).pk != copy.pk


def test_pressing_twice_makes_one_copy_and_a_day_makes_only_a_few(story: Story) -> None:
    client = client_for(story.cast.maria)
    first = asked(client, story)
    assert asked(client, story).pk == first.pk
    assert fetched(client, first).status_code == 302  # still being made
    RecordCopy.objects.update(state=CopyState.TAKEN)
    for _n in range(copies.MOST_A_DAY - 1):
        RecordCopy.objects.create(
            child=story.child, asked_by=story.cast.maria, part="guardian", state=CopyState.TAKEN
        )
    with pytest.raises(EnoughCopies):
        actions.ask_copy(actor=story.cast.maria, child=story.child)


def test_a_killed_worker_is_followed_and_a_hopeless_copy_is_given_up(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = asked(client_for(story.cast.maria), story)
    copies._claim()  # and then the worker was killed
    assert build_copies() == 0
    monkeypatch.setattr(copies, "pack", lambda _child, _reader: 1 / 0)
    for _attempt in range(2):
        RecordCopy.objects.update(claimed_until=timezone.now())
        assert build_copies() == 0
    assert RecordCopy.objects.get(pk=copy.pk).state == CopyState.FAILED


def test_who_has_not_just_signed_in_is_asked_for_the_password_first(story: Story) -> None:
    copy = asked(client_for(story.cast.maria), story)
    build_copies()
    client = client_for(story.cast.maria)
    time_passes(client, hours=1)
    response = fetched(client, copy)
    assert response.status_code == 302
    assert "reauthenticate" in response["Location"]
    assert RecordCopy.objects.get(pk=copy.pk).state == CopyState.READY
