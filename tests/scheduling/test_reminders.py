"""Who is reminded, when, in which words; and what happens when the worker was away."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import GuardianLink, Scope, User
from core.notifications.models import InboxMessage, Notification, NotificationState
from scheduling import actions, notices
from scheduling.models import CancelReason
from scheduling.reminders import BOOKED, CANCELLED, MOVED, REMINDER
from scheduling.wording import clock_change_sentence
from tests.cast import Cast
from tests.scheduling.steps import a_time, booked, deliver, notifications

DAY, SOON = 24 * 60, 15


def words(notification: Notification) -> str:
    message = notices.reminder(notification)
    return f"{message.title}\n{message.body}"


def test_child_guardian_and_therapist_get_a_row_for_each_distance(signed: Cast) -> None:
    appointment = booked(signed)
    rows = {
        (row.recipient_id, round((appointment.starts_at - row.due_at).total_seconds() / 60))
        for row in notifications(REMINDER)
    }
    readers = (signed.sam.pk, signed.maria.pk, signed.amara.pk)
    assert rows == {(reader, offset) for reader in readers for offset in (DAY, SOON)}


def test_a_second_guardian_is_told_once_they_may_join(signed: Cast) -> None:
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    booked(signed)
    assert len(notifications(REMINDER, recipient=signed.dad)) == 2


def test_booked_ten_hours_before_only_the_late_reminder_is_planned(signed: Cast) -> None:
    start = a_time(signed)
    with time_machine.travel(start - timedelta(hours=10)):
        booked(signed, start)
    assert len(notifications(REMINDER, recipient=signed.maria)) == 1


def test_a_reminder_says_when_on_the_readers_clock_and_nothing_about_health(
    signed: Cast,
) -> None:
    User.objects.filter(pk=signed.maria.pk).update(time_zone="America/New_York")
    appointment = booked(signed)
    with time_machine.travel(appointment.starts_at - timedelta(hours=24)):
        said = {row.recipient_id: words(row) for row in notifications(REMINDER)}
    here = appointment.starts_at.astimezone(ZoneInfo("Europe/London"))
    there = appointment.starts_at.astimezone(ZoneInfo("America/New_York"))
    assert f"Meeting tomorrow at {here:%H:%M}" in said[signed.sam.pk]
    assert f"{there:%H:%M} E" in said[signed.maria.pk]
    assert (
        f"Where Sam is, that is {here:%a} {here.day} {here:%b}, {here:%H:%M}"
        in (said[signed.maria.pk])
    )
    assert "Sam" not in said[signed.amara.pk]
    for text in said.values():
        assert not {"pain", "flare", "therap", "session", "consent"} & set(text.lower().split())


def test_a_due_reminder_is_sent_once(signed: Cast) -> None:
    appointment = booked(signed)
    deliver()
    mail.outbox.clear()
    with time_machine.travel(appointment.starts_at - timedelta(hours=24) + timedelta(minutes=1)):
        deliver()
        deliver()
    assert len(notifications(REMINDER, state=NotificationState.SENT)) == 3
    assert sorted(m.to[0] for m in mail.outbox) == [signed.amara.email, signed.maria.email]
    assert InboxMessage.objects.filter(recipient=signed.sam).count() == 2
    assert all(m.subject.startswith("Appointment tomorrow at") for m in mail.outbox)


def test_nobody_is_reminded_of_a_session_nobody_may_join(signed: Cast) -> None:
    appointment = booked(signed)
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    with time_machine.travel(appointment.starts_at - timedelta(hours=24) + timedelta(minutes=1)):
        deliver()
    assert not notifications(REMINDER, state=NotificationState.SENT)


def test_three_hours_without_a_worker_send_the_day_reminder_late(signed: Cast) -> None:
    appointment = booked(signed)
    with time_machine.travel(appointment.starts_at - timedelta(hours=21)):
        deliver()
        deliver()
    day = next(iter(notifications(REMINDER, recipient=signed.maria)))
    assert day.state == NotificationState.SENT


def test_three_hours_without_a_worker_miss_the_last_reminder(signed: Cast) -> None:
    appointment = booked(signed)
    mail.outbox.clear()
    with time_machine.travel(appointment.starts_at + timedelta(hours=2, minutes=45)):
        deliver()
    rows = notifications(REMINDER)
    assert {row.state for row in rows} == {NotificationState.MISSED}
    assert not [m for m in mail.outbox if m.subject.startswith("Appointment today")]


def test_a_reminder_five_minutes_late_still_helps(signed: Cast) -> None:
    appointment = booked(signed)
    with time_machine.travel(appointment.starts_at + timedelta(minutes=5)):
        deliver()
    states = [row.state for row in notifications(REMINDER, recipient=signed.sam)]
    assert states == [NotificationState.MISSED, NotificationState.SENT]


def test_moving_takes_the_reminders_along(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    new = a_time(signed, n=2, instead_of=appointment)
    actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=new)
    waiting = notifications(REMINDER, state=NotificationState.PENDING, recipient=signed.maria)
    assert [row.due_at for row in waiting] == [
        new - timedelta(minutes=DAY),
        new - timedelta(minutes=SOON),
    ]
    assert len(notifications(REMINDER, state=NotificationState.CANCELLED)) == 6
    assert len(notifications(MOVED)) == 3


def test_a_row_of_an_older_version_is_not_sent_even_if_it_survived(signed: Cast) -> None:
    appointment = booked(signed, a_time(signed, n=0))
    new = a_time(signed, n=2, instead_of=appointment)
    actions.reschedule(actor=signed.maria, appointment=appointment, starts_at=new)
    Notification.objects.filter(kind=REMINDER, dedup_key__endswith=":0").update(
        state=NotificationState.PENDING
    )
    with time_machine.travel(new - timedelta(hours=1)):
        deliver()
    old = Notification.objects.filter(kind=REMINDER, dedup_key__endswith=":0")
    assert not old.filter(state=NotificationState.SENT).exists()


def test_cancelling_ends_the_reminders_and_tells_everybody(signed: Cast) -> None:
    appointment = booked(signed)
    deliver()
    mail.outbox.clear()
    actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.FLARE)
    deliver()
    assert {r.state for r in notifications(REMINDER)} == {NotificationState.CANCELLED}
    assert {m.subject for m in mail.outbox} == {"Appointment cancelled"}
    assert not any("flare" in m.body.lower() or "Maria" in m.body for m in mail.outbox)
    assert len(notifications(CANCELLED, state=NotificationState.SENT)) == 3


def test_nobody_hears_of_a_family_they_no_longer_belong_to(signed: Cast) -> None:
    dads = GuardianLink.objects.filter(guardian=signed.dad)
    dads.update(scopes=[Scope.JOIN])
    appointment = booked(signed)
    dads.update(ended_at=timezone.now())
    accounts.leave_care_team(actor=signed.amara, child=signed.sam_child)
    with time_machine.travel(appointment.starts_at - timedelta(hours=23)):
        deliver()
    sent = notifications(REMINDER, state=NotificationState.SENT)
    assert {row.recipient_id for row in sent} == {signed.sam.pk, signed.maria.pk}


def test_nobody_is_reminded_of_an_erased_child_or_as_an_erased_person(signed: Cast) -> None:
    appointment = booked(signed)
    User.objects.filter(pk=signed.maria.pk).update(is_active=False)
    with time_machine.travel(appointment.starts_at - timedelta(hours=23)):
        deliver()
    assert {r.state for r in notifications(REMINDER, recipient=signed.maria)} >= {
        NotificationState.CANCELLED
    }
    User.objects.filter(pk=signed.sam.pk).update(is_active=False)
    with time_machine.travel(appointment.starts_at - timedelta(minutes=14)):
        deliver()
    assert len(notifications(REMINDER, state=NotificationState.SENT)) == 2
    assert not notifications(REMINDER, state=NotificationState.PENDING)


def test_each_person_chooses_for_themselves_also_for_what_is_booked(signed: Cast) -> None:
    appointment = booked(signed)
    actions.choose_reminders(actor=signed.maria, offsets=[120])
    with time_machine.travel(appointment.starts_at - timedelta(hours=23)):
        deliver()
    assert not notifications(REMINDER, recipient=signed.maria, state=NotificationState.SENT)
    with time_machine.travel(appointment.starts_at - timedelta(minutes=119)):
        deliver()
    sent = notifications(REMINDER, recipient=signed.maria, state=NotificationState.SENT)
    assert [appointment.starts_at - row.due_at for row in sent] == [timedelta(minutes=120)]
    assert len(notifications(REMINDER, recipient=signed.sam, state=NotificationState.SENT)) == 1


def test_a_change_of_mind_brings_the_reminder_back(signed: Cast) -> None:
    appointment = booked(signed)
    actions.choose_reminders(actor=signed.maria, offsets=[])
    actions.choose_reminders(actor=signed.maria, offsets=[DAY])
    with time_machine.travel(appointment.starts_at - timedelta(hours=23)):
        deliver()
    assert len(notifications(REMINDER, recipient=signed.maria, state=NotificationState.SENT)) == 1


@pytest.mark.parametrize(
    ("now", "start", "expected"),
    [
        ("2027-03-27T12:00", "2027-03-28T12:00", "Clocks go forward by 1 hour before then. 13:00"),
        ("2026-10-24T12:00", "2026-10-25T12:00", "Clocks go back by 1 hour before then. 12:00"),
        ("2026-11-01T12:00", "2026-11-02T12:00", ""),
    ],
)
def test_a_sentence_when_the_clocks_change_before_then(now: str, start: str, expected: str) -> None:
    text = clock_change_sentence(
        datetime.fromisoformat(start).replace(tzinfo=UTC),
        now=datetime.fromisoformat(now).replace(tzinfo=UTC),
        zone=ZoneInfo("Europe/London"),
    )
    assert text.startswith(expected)
    assert bool(text) == bool(expected)


def test_the_reminder_carries_that_sentence(signed: Cast) -> None:
    with time_machine.travel(datetime(2027, 3, 25, 9, tzinfo=UTC)):
        start = next(
            o
            for o in (a_time(signed, after=timedelta(days=3), n=n) for n in range(20))
            if o.date().day == 28
        )
        booked(signed, start)
    with time_machine.travel(datetime(2027, 3, 27, 12, tzinfo=UTC)):
        rows = notifications(REMINDER, recipient=signed.maria)
        assert "Clocks go forward by 1 hour before then." in words(rows[0])


def test_everybody_hears_of_a_booking_at_once(signed: Cast) -> None:
    booked(signed)
    deliver()
    assert len(notifications(BOOKED, state=NotificationState.SENT)) == 3
    told = [m.to[0] for m in mail.outbox if m.subject.startswith("Appointment booked: on")]
    assert sorted(told) == [signed.amara.email, signed.maria.email]


def test_a_message_offers_only_what_its_reader_can_do_in_the_readers_own_words(
    signed: Cast,
) -> None:
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    booked(signed)
    said = {row.recipient_id: notices.booked(row) for row in notifications(BOOKED)}
    for mover in (signed.maria, signed.amara):
        assert "you can move or cancel it" in said[mover.pk].body
    assert "move or cancel" not in said[signed.dad.pk].body
    child = said[signed.sam.pk]
    assert child.title.startswith("Meeting booked: ")
    assert "tell a grown-up at home" in child.body
    assert child.action_label == "See the meeting"
    assert "ppointment" not in child.title + child.body + child.action_label
