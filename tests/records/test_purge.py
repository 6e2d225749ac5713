"""Each night: what is over goes, once; the manager reads counts and no name."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Child, Invitation
from core.actors import SystemActor
from core.notifications.delivery import deliver_due
from core.notifications.models import Notification
from records.actions import ask_copy, build_waiting, place_hold, purge, purging
from records.models import CopyFile, Erasure, ErasureState, NightlyReport, RecordCopy
from tests.cast import Cast, client_for
from tests.records.steps import everywhere, lead, settle, whole_record

NIGHT = SystemActor("purge")
TODAY = date(2026, 11, 25)


def test_a_night_removes_what_is_over_and_says_how_much_it_was(signed: Cast) -> None:
    deliver_due()
    long_ago = timezone.now() - timedelta(days=400)
    old = Notification.objects.filter(recipient=signed.maria)
    count = old.update(finished_at=long_ago)
    assert count
    Invitation.objects.create(
        token_hash="x", email="x@example.org", role="moderator", expires_at=long_ago
    )
    ask_copy(actor=signed.maria, child=signed.sam_child)
    build_waiting(actor=SystemActor("copies"))
    RecordCopy.objects.update(expires_at=timezone.now())
    client_for(signed.maria)  # a sign-in that goes on
    report = purge(actor=NIGHT, day=TODAY)
    assert report.counts == {
        "copies_not_fetched": 1,
        "sign_ins": 0,
        "accounts.ways_in": 1,
        "core.notifications": count,
        "records.copies": 0,
    }
    assert not CopyFile.objects.exists()
    mail.outbox.clear()
    deliver_due()
    (letter,) = [m for m in mail.outbox if "tidying" in m.subject]
    assert letter.to == [signed.pat.email]
    assert "Used and expired invitations: 1" in letter.body
    words = [user.display_name for user in (signed.sam, signed.maria, signed.amara)]
    assert not any(word in letter.body for word in words)
    # again in the same night: nothing is done or told twice
    Invitation.objects.create(
        token_hash="y", email="y@example.org", role="moderator", expires_at=long_ago
    )
    assert purge(actor=NIGHT, day=TODAY).counts == report.counts
    assert Notification.objects.filter(kind="purge.report").count() == 1
    assert purge(actor=NIGHT, day=TODAY + timedelta(days=1)).counts["accounts.ways_in"] == 1


def test_a_killed_night_goes_on_and_a_step_that_fails_stops_no_other(
    signed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(purging, "_partly", killed)
    with pytest.raises(KeyboardInterrupt):
        purge(actor=NIGHT, day=TODAY)
    assert NightlyReport.objects.get().finished_at is None
    monkeypatch.undo()
    monkeypatch.setattr(purging, "_old_sign_ins", lambda: 1 // 0)
    report = purge(actor=NIGHT, day=TODAY)
    assert report.finished_at is not None
    assert report.counts["failed"] == 1
    assert report.counts["core.notifications"] == 0


def test_a_record_whose_time_is_over_goes_without_anybody_asking(signed: Cast) -> None:
    whole_record(signed)
    child = signed.sam_child
    long_ago = timezone.now() - timedelta(days=365 * 20)
    Child.objects.update(created_at=long_ago, birth_date=date(1990, 3, 1))
    hold = place_hold(actor=lead(), sign_in_name="sam", reason="a court")
    assert "records_at_their_end" in purge(actor=NIGHT, day=TODAY).counts
    assert Child.objects.filter(pk=child.pk).exists()  # held; Timo, whom nothing holds, is gone
    assert not Child.objects.filter(pk=signed.timo_child.pk).exists()
    hold.ended_at = timezone.now()
    hold.save()
    assert purge(actor=NIGHT, day=TODAY + timedelta(days=1)).counts["records_at_their_end"] == 1
    settle()
    left = {row.partition(":")[0] for row in everywhere(str(child.pk), str(signed.sam.pk))}
    assert left <= {"audit_auditevent", "records_erasure"}
    erasure = Erasure.objects.get(child_id=child.pk)
    assert (erasure.state, erasure.asked_by) == (ErasureState.DONE, None)


def test_a_record_in_its_time_is_left_alone_also_an_old_one(signed: Cast) -> None:
    whole_record(signed)
    Child.objects.update(created_at=timezone.now() - timedelta(days=365 * 9))
    purge(actor=NIGHT, day=TODAY)
    assert Child.objects.count() == 2
    assert not Erasure.objects.exists()


def test_what_was_kept_goes_in_the_first_night_it_may(signed: Cast) -> None:
    whole_record(signed)
    Erasure.objects.create(
        child_id=signed.sam_child.pk,
        asked_by=signed.maria.pk,
        state=ErasureState.CONFIRMED,
        approved_at=timezone.now(),
        confirmed_at=timezone.now(),
    )
    purging.carry_out(actor=NIGHT, erasure_id=Erasure.objects.get().pk)
    until = date.fromisoformat(Erasure.objects.get().kept["clinical"]["until"])
    assert purge(actor=NIGHT, day=until - timedelta(days=1)).counts["records_gone_on_with"] == 0
    assert Child.objects.filter(pk=signed.sam_child.pk).exists()
    assert purge(actor=NIGHT, day=until).counts["records_gone_on_with"] == 1
    assert Erasure.objects.get(child_id=signed.sam_child.pk).state == ErasureState.DONE
