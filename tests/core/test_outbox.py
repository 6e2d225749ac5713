"""What is due is sent once; what is late, untrue or to nobody is not sent; nothing is lost."""

import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core.audit.models import AuditEvent
from core.notifications import actions, kinds, outbox
from core.notifications.channels import NoAnswer, PermanentFailure, TemporaryFailure
from core.notifications.delivery import deliver_due
from core.notifications.models import (
    Delivery,
    DeliveryState,
    InboxMessage,
    Notification,
    NotificationState,
)
from tests.core.outbox_cast import TELLER, Scripted, only, tell, telling


def later(row: Notification, **delta: float) -> None:
    """Time passes: what the row waits for has come."""
    past = timezone.now() - timedelta(seconds=1)
    Notification.objects.filter(pk=row.pk).update(next_attempt_at=past)
    if delta:
        Notification.objects.filter(pk=row.pk).update(claimed_until=past)


def state(row: Notification) -> str:
    row.refresh_from_db()
    return row.state


def test_a_due_row_is_sent_once_on_each_channel(maria: Any, mailoutbox: list[Any]) -> None:
    with telling("inbox", "email"):
        row = tell(maria)
        assert deliver_due() == 1
        assert deliver_due() == 0
    assert state(row) == NotificationState.SENT
    assert len(mailoutbox) == 1
    assert InboxMessage.objects.get().recipient_id == maria.pk
    assert {d.state for d in row.deliveries.all()} == {DeliveryState.SENT}
    assert not any(d.uncertain for d in row.deliveries.all())


def test_the_same_key_twice_is_the_same_row(maria: Any) -> None:
    with telling("inbox"):
        assert tell(maria, "same").pk == tell(maria, "same").pk
        deliver_due()
        assert tell(maria, "same").state == NotificationState.SENT
    assert InboxMessage.objects.count() == 1


def test_an_unknown_kind_and_a_naive_time_are_refused_when_queued(maria: Any) -> None:
    with pytest.raises(kinds.UnknownKind):
        tell(maria)
    with telling("inbox"), pytest.raises(ValueError, match="time zone"):
        tell(maria, due_at=datetime(2026, 11, 24, 16, 0))  # noqa: DTZ001
    assert not Notification.objects.exists()


def test_a_row_waits_until_it_is_due(maria: Any, mailoutbox: list[Any]) -> None:
    with telling("email"):
        row = tell(maria, due_at=timezone.now() + timedelta(hours=1))
        assert deliver_due() == 0
        later(row)
        assert deliver_due() == 1
    assert len(mailoutbox) == 1


def test_three_hours_late_is_sent_if_still_useful_else_marked_missed(
    maria: Any, mailoutbox: list[Any]
) -> None:
    now = timezone.now()
    late = now - timedelta(hours=3)
    with telling("email"):
        useful = tell(maria, "a", due_at=late, useful_until=now + timedelta(minutes=5))
        useless = tell(maria, "b", due_at=late, useful_until=now - timedelta(seconds=1))
        deliver_due()
    assert (state(useful), state(useless)) == (NotificationState.SENT, NotificationState.MISSED)
    assert len(mailoutbox) == 1


def test_what_is_no_longer_true_is_cancelled_unsent(maria: Any, mailoutbox: list[Any]) -> None:
    with telling("inbox", "email", still_valid=lambda _n: False):
        row = tell(maria)
        deliver_due()
    assert state(row) == NotificationState.CANCELLED
    assert not mailoutbox
    assert not InboxMessage.objects.exists()


def test_someone_who_left_is_told_nothing(maria: Any, olga: Any, mailoutbox: list[Any]) -> None:
    with telling("inbox", "email"):
        left = tell(maria, "a")
        erased = tell(olga, "b")
        maria.is_active = False
        maria.save()
        olga.delete()
        deliver_due()
    assert state(left) == NotificationState.CANCELLED
    assert not Notification.objects.filter(pk=erased.pk).exists()
    assert not mailoutbox


def test_someone_erased_between_claim_and_sending_stops_nothing_else(
    maria: Any, olga: Any, mailoutbox: list[Any]
) -> None:
    with telling("email", scripted=None):
        tell(maria, "a")
        erased = tell(olga, "b", due_at=timezone.now() - timedelta(hours=1))
        claim, ids = outbox.claim_due(timezone.now())
        olga.delete()
        from core.notifications.delivery import handle  # noqa: PLC0415

        assert ids[0] == erased.pk
        for pk in ids:
            handle(pk, claim)
    assert len(mailoutbox) == 1


def test_cancelling_by_subject_leaves_sent_rows_and_other_kinds_alone(maria: Any) -> None:
    with telling("inbox"):
        sent = tell(maria, "a")
        deliver_due()
        waiting = tell(maria, "b", due_at=timezone.now() + timedelta(hours=1))
        assert actions.cancel_for(actor=TELLER, subject=maria, kinds=["other"]) == 0
        assert actions.cancel_for(actor=TELLER, subject=maria, kinds=["test.hello"]) == 1
        assert actions.cancel_for(actor=TELLER, subject=maria, kinds=["test.hello"]) == 0
        later(waiting)
        assert deliver_due() == 0
    assert (state(sent), state(waiting)) == (NotificationState.SENT, NotificationState.CANCELLED)
    assert AuditEvent.objects.filter(action="notification.cancel").count() == 1


def test_cancelled_while_the_first_channel_was_busy_the_second_is_not_used(maria: Any) -> None:
    def cancel(_parcel: Any) -> None:
        actions.cancel_for(actor=TELLER, subject=maria, kinds=["test.hello"])

    channel = Scripted(cancel, disturbs=False)
    with telling("scripted", "email", scripted=channel):
        row = tell(maria)
        deliver_due()
    assert state(row) == NotificationState.CANCELLED
    assert Delivery.objects.get(notification=row, channel="email").state == DeliveryState.PENDING


def test_a_provider_that_says_not_now_is_asked_again_later_and_later(maria: Any) -> None:
    channel = Scripted(TemporaryFailure("http_429"), TemporaryFailure("http_429"), None)
    with telling("scripted", scripted=channel):
        row = tell(maria)
        waits = []
        for _ in range(2):
            deliver_due()
            assert deliver_due() == 0
            row.refresh_from_db()
            waits.append(row.next_attempt_at - timezone.now())
            later(row)
        deliver_due()
    assert state(row) == NotificationState.SENT
    assert timedelta(seconds=10) < waits[0] < timedelta(seconds=31) < waits[1] * 2
    assert only(row).error_code == ""
    assert not only(row).uncertain
    assert len(channel.sent) == 3


def test_the_wait_doubles_to_an_hour_and_never_is_the_same_for_all() -> None:
    waits = {outbox.backoff(20) for _ in range(20)}
    assert len(waits) > 1
    assert all(timedelta(minutes=30) <= w <= timedelta(hours=1) for w in waits)
    assert outbox.backoff(1) <= timedelta(seconds=30)


def test_after_the_last_attempt_the_row_is_dead_and_says_why(maria: Any) -> None:
    failures = [TemporaryFailure("http_503x")] * outbox.MAX_ATTEMPTS
    channel = Scripted(*failures)
    with telling("scripted", scripted=channel):
        row = tell(maria)
        for _ in range(outbox.MAX_ATTEMPTS + 2):
            deliver_due()
            later(row)
    assert state(row) == NotificationState.DEAD
    assert len(channel.sent) == outbox.MAX_ATTEMPTS
    assert (only(row).state, only(row).error_code) == (DeliveryState.FAILED, "http_503x")


def test_a_permanent_no_is_not_asked_again_and_the_other_channel_still_counts(maria: Any) -> None:
    channel = Scripted(PermanentFailure("refused"))
    with telling("scripted", "inbox", scripted=channel):
        row = tell(maria)
        deliver_due()
    assert state(row) == NotificationState.SENT
    assert only(row).state == DeliveryState.FAILED


def test_someone_with_no_address_at_all_ends_dead_not_silent(olga: Any) -> None:
    olga.email = ""
    olga.save()
    with telling("email"):
        row = tell(olga)
        deliver_due()
    assert state(row) == NotificationState.DEAD
    assert only(row, "email").state == DeliveryState.SKIPPED


def test_a_bug_of_ours_waits_and_dies_without_stopping_the_next_row(maria: Any) -> None:
    def broken(notification: Notification) -> Any:
        if notification.dedup_key == "bad":
            raise RuntimeError("a template is missing")
        from tests.core.outbox_cast import render  # noqa: PLC0415

        return render(notification)

    with telling("inbox", render=broken):
        bad = tell(maria, "bad", due_at=timezone.now() - timedelta(hours=1))
        good = tell(maria, "good")
        deliver_due()
    assert (state(bad), state(good)) == (NotificationState.PENDING, NotificationState.SENT)
    assert bad.next_attempt_at > timezone.now()


def test_no_answer_is_tried_once_more_and_the_row_says_so(maria: Any) -> None:
    channel = Scripted(NoAnswer("no_answer"), None)
    with telling("scripted", scripted=channel):
        row = tell(maria)
        deliver_due()
        assert only(row).uncertain
        later(row)
        deliver_due()
    assert state(row) == NotificationState.SENT
    assert only(row).uncertain
    assert len(channel.sent) == 2
    assert channel.sent[0].delivery_id == channel.sent[1].delivery_id


def test_no_answer_twice_is_never_tried_a_third_time(maria: Any) -> None:
    channel = Scripted(NoAnswer("no_answer"), NoAnswer("no_answer"), None)
    with telling("scripted", scripted=channel):
        row = tell(maria)
        for _ in range(4):
            deliver_due()
            later(row)
    assert len(channel.sent) == 2
    assert state(row) == NotificationState.DEAD
    assert (only(row).state, only(row).uncertain) == (DeliveryState.FAILED, True)


def test_a_claim_that_ran_out_comes_back_and_an_attempt_without_an_answer_is_in_doubt(
    maria: Any,
) -> None:
    class Killed(BaseException):
        """Like kill -9: no handler of ours runs."""

    channel = Scripted(Killed(), None)
    with telling("scripted", scripted=channel):
        row = tell(maria)
        with pytest.raises(Killed):
            deliver_due()
        assert only(row).state == DeliveryState.ATTEMPTING
        assert deliver_due() == 0, "the lease of the lost worker still runs"
        later(row, lease=1)
        deliver_due()
    assert state(row) == NotificationState.SENT
    assert (only(row).uncertain, len(channel.sent)) == (True, 2)


def test_a_worker_killed_twice_over_one_row_does_not_send_a_third_time(maria: Any) -> None:
    class Killed(BaseException):
        pass

    channel = Scripted(Killed(), Killed(), None)
    with telling("scripted", scripted=channel):
        row = tell(maria)
        for _ in range(2):
            with pytest.raises(Killed):
                deliver_due()
            later(row, lease=1)
        deliver_due()
    assert len(channel.sent) == 2
    assert state(row) == NotificationState.DEAD


def test_a_worker_that_slept_past_its_lease_changes_nothing(maria: Any) -> None:
    with telling("inbox"):
        row = tell(maria)
        _, ids = outbox.claim_due(timezone.now())
        stale = Notification.objects.get(pk=ids[0])
        later(row, lease=1)
        assert deliver_due() == 1
        assert not outbox.finish(stale, NotificationState.CANCELLED)
        assert not outbox.put_back(stale, timezone.now())
        assert outbox.renew(stale.pk, stale.claim or uuid.uuid4(), timezone.now()) is None
    assert state(row) == NotificationState.SENT


def test_quiet_hours_hold_mail_until_they_end_but_not_the_inbox(
    maria: Any, mailoutbox: list[Any], time_machine: Any
) -> None:
    maria.time_zone, maria.quiet_from, maria.quiet_until = "Europe/London", 21 * 60, 7 * 60
    maria.save()
    time_machine.move_to("2026-11-24T23:30:00+00:00")
    with telling("inbox", "email"):
        row = tell(maria)
        deliver_due()
        assert InboxMessage.objects.count() == 1
        assert not mailoutbox
        row.refresh_from_db()
        assert row.next_attempt_at.isoformat() == "2026-11-25T07:00:00+00:00"
        assert row.attempts == 0
        time_machine.move_to("2026-11-25T07:00:01+00:00")
        deliver_due()
    assert len(mailoutbox) == 1
    assert InboxMessage.objects.count() == 1
    assert state(row) == NotificationState.SENT


def test_what_cannot_wait_goes_out_at_night(
    maria: Any, mailoutbox: list[Any], time_machine: Any
) -> None:
    maria.quiet_from, maria.quiet_until = 21 * 60, 7 * 60
    maria.save()
    time_machine.move_to("2026-11-24T23:30:00+00:00")
    with telling("email", ignores_quiet_hours=True):
        tell(maria)
        deliver_due()
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_share_the_rows_and_nobody_is_told_twice() -> None:
    from tests.core.conftest import person  # noqa: PLC0415

    maria = person("maria")
    channel = Scripted()
    with telling("scripted", scripted=channel):
        for n in range(40):
            tell(maria, f"k{n}")
        Delivery.objects.all().delete()
        Notification.objects.update(
            state=NotificationState.PENDING, claim=None, attempts=0, finished_at=None
        )
        channel.sent.clear()

        def work() -> None:
            try:
                deliver_due()
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({p.notification.pk for p in channel.sent}) == len(channel.sent) == 40
    assert set(Notification.objects.values_list("state", flat=True)) == {NotificationState.SENT}


def test_a_link_to_elsewhere_is_refused() -> None:
    for path in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        with pytest.raises(ValueError, match="our own site"):
            kinds.Message(title="t", body="b", action_path=path)
