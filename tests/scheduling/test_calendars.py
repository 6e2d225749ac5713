"""Calendar files: a stable UID, a rising SEQUENCE, neutral words; a feed that stays secret."""

from datetime import UTC, timedelta
from typing import Any

import icalendar
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import GuardianLink, User
from core.audit.models import AuditEvent
from core.notifications.kinds import Message
from scheduling import actions, notices
from scheduling.models import Appointment, CalendarFeed, CancelReason, State
from scheduling.reminders import BOOKED, CANCELLED, MOVED
from tests.cast import Cast, client_for
from tests.scheduling.steps import a_time, booked, notifications


def ics(message: Message) -> tuple[str, icalendar.Calendar, Any]:
    (attachment,) = message.attachments
    calendar = icalendar.Calendar.from_ical(attachment.content)
    (event,) = calendar.walk("VEVENT")
    return attachment.content_type, calendar, event


def for_maria(cast: Cast, kind: str) -> Any:
    return notifications(kind, recipient=cast.maria)[-1]


def story(cast: Cast) -> tuple[Appointment, list[tuple[str, icalendar.Calendar, Any]]]:
    """Booked, moved, cancelled: what Maria's calendar gets each time."""
    appointment = booked(cast, a_time(cast, n=0))
    files = [ics(notices.booked(for_maria(cast, BOOKED)))]
    new = a_time(cast, n=2, instead_of=appointment)
    actions.reschedule(actor=cast.maria, appointment=appointment, starts_at=new)
    files.append(ics(notices.moved(for_maria(cast, MOVED))))
    actions.cancel(actor=cast.maria, appointment=appointment, reason=CancelReason.FLARE)
    files.append(ics(notices.cancelled(for_maria(cast, CANCELLED))))
    appointment.refresh_from_db()
    return appointment, files


def test_one_event_is_moved_and_cancelled_instead_of_copied(signed: Cast) -> None:
    appointment, files = story(signed)
    events = [event for _type, _calendar, event in files]
    assert {str(event["UID"]) for event in events} == {f"{appointment.pk}@lantern.invalid"}
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1, 2]
    assert [str(c["METHOD"]) for _t, c, _e in files] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    for content_type, calendar, _event in files:
        assert f"method={calendar['METHOD']}" in content_type
    assert events[2].start == appointment.starts_at
    assert all(event.start.tzinfo is not None for event in events)
    assert events[0].start.utcoffset() == timezone.now().astimezone(UTC).utcoffset()


def test_words_are_neutral_and_nobody_elses_address_is_in_it(signed: Cast) -> None:
    _appointment, files = story(signed)
    for _type, calendar, event in files:
        assert str(event["SUMMARY"]) == "Appointment"
        text = calendar.to_ical().decode().replace("\r\n ", "").lower()
        assert "mailto:maria@example.org" in text
        for word in ("sam", "amara", "pain", "flare", "psycholog", "olga", "description"):
            assert word not in text, word


def test_the_child_gets_no_file_because_it_has_no_mail(signed: Cast) -> None:
    booked(signed)
    (row,) = notifications(BOOKED, recipient=signed.sam)
    assert notices.booked(row).attachments == ()


def test_one_appointment_to_download(signed: Cast) -> None:
    appointment = booked(signed)
    url = reverse("appointment_file", args=[appointment.pk])
    response = client_for(signed.maria).get(url)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert b"ORGANIZER" not in response.content
    assert client_for(signed.olga).get(url).status_code == 404


def feed_url(user: User) -> str:
    return reverse("calendar_file", args=[actions.make_feed(actor=user)])


def test_the_feed_shows_the_persons_own_appointments_to_whoever_knows_it(signed: Cast) -> None:
    appointment = booked(signed)
    response = Client().get(feed_url(signed.maria))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    (event,) = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    assert event.start == appointment.starts_at
    assert b"Sam" not in response.content
    assert b"VEVENT" not in Client().get(feed_url(signed.olga)).content


def test_a_cancelled_appointment_stays_in_the_feed_as_cancelled(signed: Cast) -> None:
    appointment = booked(signed)
    url = feed_url(signed.maria)
    actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.ILL)
    assert b"STATUS:CANCELLED" in Client().get(url).content


def test_only_a_hash_is_kept_and_a_new_address_ends_the_old_one(signed: Cast) -> None:
    token = actions.make_feed(actor=signed.maria)
    feed = CalendarFeed.objects.get()
    assert token not in feed.token_hash
    assert len(token) == 43
    new = actions.make_feed(actor=signed.maria)
    assert Client().get(reverse("calendar_file", args=[token])).status_code == 404
    assert Client().get(reverse("calendar_file", args=[new])).status_code == 200
    assert AuditEvent.objects.filter(action="calendar_feed.make").count() == 2


def test_unknown_revoked_and_gone_look_the_same(signed: Cast) -> None:
    url = feed_url(signed.maria)
    unknown = Client().get("/calendar/nonsense.ics")
    actions.revoke_feed(actor=signed.maria)
    revoked = Client().get(url)
    left_url = feed_url(signed.dad)
    User.objects.filter(pk=signed.dad.pk).update(is_active=False)
    left = Client().get(left_url)
    assert {unknown.status_code, revoked.status_code, left.status_code} == {404}
    assert len({len(r.content) for r in (unknown, revoked)}) == 1


def test_a_feed_loses_what_its_owner_may_no_longer_see(signed: Cast) -> None:
    booked(signed)
    url = feed_url(signed.maria)
    GuardianLink.objects.filter(guardian=signed.maria).update(ended_at=timezone.now())
    assert b"VEVENT" not in Client().get(url).content


def test_a_colleague_on_the_team_sees_the_session_but_not_in_their_own_calendar(
    signed: Cast,
) -> None:
    """It is not theirs to give nor to join; the record still shows it."""
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    now = timezone.now()
    appointment = Appointment.objects.create(
        child=signed.sam_child,
        therapist=signed.amara_t,
        booked_by=signed.maria,
        state=State.BOOKED,
        starts_at=now,
        ends_at=now + timedelta(minutes=50),
    )
    for user, own in ((signed.ben, False), (signed.amara, True), (signed.dad, True)):
        assert (b"VEVENT" in Client().get(feed_url(user)).content) is own
        rows = client_for(user).get(reverse("appointments")).context["coming"]
        assert bool(rows) is own
    page = client_for(signed.ben).get(reverse("appointment", args=[appointment.pk]))
    assert (page.context["page"].reader, page.context["page"].join_url) == ("team", "")
