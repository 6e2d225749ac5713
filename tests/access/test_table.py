"""The table of doors is whole, and the pages made of it are true."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import get_resolver, include, path

from accounts.access import ALLOWED
from accounts.doors import WORDS, Hat
from core.doors import GET, Anyone, Kind, doors, page, task
from sessions_app import protocol
from telehealth import access_table
from telehealth.celery import app as celery


def test_every_door_has_a_row_and_every_row_a_door() -> None:
    assert access_table.gaps() == []
    kinds = {row.kind for row in doors()}
    assert kinds == set(Kind)


def test_a_row_too_many_too_few_or_twice_is_named() -> None:
    rows = [row for row in doors() if row.name != "staff"]
    rows += [
        page("nowhere", GET, Anyone.SIGNED_IN, what="."),
        page("hours", GET, len, what="."),
        task("no.such.task", what="."),
    ]
    assert set(access_table.gaps(rows)) == {
        "page staff: a door without a row",
        "page nowhere: a row without a door",
        "task no.such.task: a row without a door",
        "page hours: two rows",
        "page hours: builtins.len has no meaning in a doors.py",
    }


def test_the_command_fails_for_a_new_address_message_or_task(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("access_table")
    assert "chat.send" in capsys.readouterr().out
    resolver = get_resolver()
    new = path("new/", include([path("x/", print)]))
    monkeypatch.setattr(resolver, "url_patterns", [*resolver.url_patterns, new])
    monkeypatch.setitem(protocol.TABLE, "shout", protocol.TABLE["ping"])
    monkeypatch.setitem(celery.conf.beat_schedule, "x", {"task": "no.task", "schedule": 1.0})
    with pytest.raises(CommandError) as failed:
        call_command("access_table")
    assert failed.value.returncode == 1
    assert str(failed.value).split("\n") == [
        "message shout: a door without a row",
        "page (no name) new/x/: a door without a row",
        "task no.task: a door without a row",
    ]


def test_the_pages_made_of_it_are_up_to_date() -> None:
    """`manage.py access_table --write` brings them so."""
    for file, content in access_table.files(doors()).items():
        assert file.read_text(encoding="utf-8") == content, file.name


def test_every_relation_has_a_name_and_every_name_a_word() -> None:
    for relations in ALLOWED.values():
        assert all(one.name in set(Hat) for one in relations)
    assert set(WORDS) == set(Hat)
    assert all(row.what.endswith((".", "?")) for row in doors())
