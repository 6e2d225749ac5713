"""The head of the trail leaves the database once a day: to the log, the managers and an archive."""

import logging
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail

from core.actors import SystemActor
from core.audit import chain
from core.audit.models import AuditAnchor
from core.notifications.delivery import deliver_due
from core.notifications.models import Notification
from records.actions import anchor_trail
from tests.cast import Cast
from tests.core.test_audit import settle, tamper

BEAT = SystemActor("audit")
DAY = date(2026, 11, 24)


def test_once_a_day_the_head_goes_to_log_manager_and_archive(
    signed: Cast, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AUDIT_ANCHOR_EMAIL = "archive@example.org"
    settle()
    with caplog.at_level(logging.INFO, logger="records.audit"):
        anchor = anchor_trail(actor=BEAT, day=DAY)
        assert anchor_trail(actor=BEAT, day=DAY).pk == anchor.pk
    seq, head = chain.head()
    assert str(anchor) == f"{seq}:{head.hex()}"
    assert caplog.text.count(str(anchor)) == 1
    deliver_due()
    letters = [m for m in mail.outbox if str(anchor) in m.body]
    assert [(m.to, m.cc) for m in letters] == [([signed.pat.email], ["archive@example.org"])]
    assert "every row fits" in letters[0].body


def test_after_days_that_were_missed_the_next_head_covers_them(signed: Cast) -> None:
    settle()
    first = anchor_trail(actor=BEAT, day=DAY)
    settle()
    later = anchor_trail(actor=BEAT, day=DAY + timedelta(days=9))
    assert later.seq >= first.seq
    assert later.broken == ""
    assert chain.verify(chain.stored_anchors()).broken is None
    assert Notification.objects.filter(kind="audit.anchor").count() == 2


def test_a_trail_that_was_changed_is_said_loudly_and_the_sound_part_named(signed: Cast) -> None:
    settle()
    tamper("UPDATE audit_auditevent SET action = 'x' WHERE seq = 3")
    anchor = anchor_trail(actor=BEAT, day=DAY)
    assert anchor.seq == 2
    assert anchor.broken == "row 3: its content was changed"
    deliver_due()
    (letter,) = [m for m in mail.outbox if "does not fit" in m.subject]
    assert "row 3" in letter.body
    assert AuditAnchor.objects.count() == 1
