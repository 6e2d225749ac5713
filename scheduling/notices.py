"""The words of every message about an appointment, and whether it is still true when it goes out.

Titles are neutral and name nobody: they show on locked screens. Rendered when sent, so the words
fit the day they arrive on, in the reader's own zone.
"""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access_family import zone_for
from accounts.models import User
from accounts.selectors import consent_status
from core.notifications.kinds import Attachment, Kind, Message, register
from core.notifications.models import Notification
from core.timezones import label
from scheduling import access, calendars, reminders
from scheduling.models import Appointment, State
from scheduling.wording import clock_change_sentence, same_clock, when


def _subject(notification: Notification) -> Appointment | None:
    return (
        Appointment.objects.select_related("child__user", "therapist__user")
        .filter(pk=notification.subject_id)
        .first()
    )


def _still(notification: Notification, state: State) -> bool:
    """Same state, same version, and this person still has to do with it."""
    appointment = _subject(notification)
    return (
        appointment is not None
        and appointment.state == state
        and appointment.sequence == reminders.Key.parse(notification.dedup_key).sequence
        and reminders.people_to_tell(appointment).filter(pk=notification.recipient_id).exists()
    )


def still_booked(notification: Notification) -> bool:
    return _still(notification, State.BOOKED)


def still_wanted(notification: Notification) -> bool:
    """A reminder: true, and at a distance this person still wishes for.

    Not for a session that nobody can join: after a withdrawal or a child's "not now" it only hurts.
    """
    appointment = _subject(notification)
    if appointment is None or not consent_status(appointment.child).stands:
        return False
    offset = reminders.Key.parse(notification.dedup_key).offset
    wanted = reminders.offsets_of([_reader(notification)])[notification.recipient_id]
    return offset in wanted and still_booked(notification)


def still_cancelled(notification: Notification) -> bool:
    return _still(notification, State.CANCELLED)


def _reader(notification: Notification) -> User:
    return User.objects.get(pk=notification.recipient_id)


def _join(*sentences: str) -> str:
    return "\n\n".join(sentence for sentence in sentences if sentence)


def _other_clock(appointment: Appointment, reader: User) -> str:
    """A guardian in another zone than the child needs the child's clock too."""
    zone = zone_for(reader, appointment.child)
    if same_clock(appointment.starts_at, reader.zone, zone):
        return ""
    return _("Where %(name)s is, that is %(time)s.") % {
        "name": appointment.child.user.display_name,
        "time": label(appointment.starts_at, zone),
    }


def _who_meets(appointment: Appointment, reader: User, words: dict[str, str]) -> str:
    if reader.pk == appointment.child.user_id:
        words["name"] = appointment.therapist.user.display_name
        return _("You meet %(name)s %(when)s.") % words
    if reader.pk == appointment.therapist.user_id:
        return _("You have an appointment %(when)s (%(label)s).") % words
    words["name"] = appointment.child.user.display_name
    return _("%(name)s has an appointment %(when)s (%(label)s).") % words


def _sentences(appointment: Appointment, reader: User, now: datetime) -> list[str]:
    words = {
        "when": when(appointment.starts_at, now=now, zone=reader.zone),
        "label": label(appointment.starts_at, reader.zone),
    }
    return [
        _who_meets(appointment, reader, words),
        clock_change_sentence(appointment.starts_at, now=now, zone=reader.zone),
        _other_clock(appointment, reader),
    ]


def _invitation(appointment: Appointment, reader: User, now: datetime) -> tuple[Attachment, ...]:
    if not reader.email:
        return ()
    method = "CANCEL" if appointment.state == State.CANCELLED else "REQUEST"
    content = calendars.invitation(appointment, email=reader.email, stamp=now)
    return (
        Attachment("appointment.ics", f"text/calendar; method={method}; charset=utf-8", content),
    )


def _facts(notification: Notification) -> tuple[Appointment, User, datetime]:
    appointment = _subject(notification)
    if appointment is None:  # still_valid was asked a moment ago: the outbox tries again
        raise LookupError("the appointment is gone")
    return appointment, _reader(notification), timezone.now()


def _own(appointment: Appointment, reader: User) -> bool:
    """The child, for whom everywhere in Lantern this is a meeting."""
    return reader.pk == appointment.child.user_id


def _compose(
    notification: Notification,
    title: str,
    childs_title: str,
    *,
    more: str = "",
    with_calendar: bool = True,
) -> Message:
    appointment, reader, now = _facts(notification)
    place = {"when": when(appointment.starts_at, now=now, zone=reader.zone)}
    own = _own(appointment, reader)
    return Message(
        title=(childs_title if own else title) % place,
        body=_join(*_sentences(appointment, reader, now), more),
        action_path=reverse("appointment", args=[appointment.pk]),
        action_label=_("See the meeting") if own else _("Open the appointment"),
        attachments=_invitation(appointment, reader, now) if with_calendar else (),
    )


def reminder(notification: Notification) -> Message:
    return _compose(
        notification, _("Appointment %(when)s"), _("Meeting %(when)s"), with_calendar=False
    )


def booked(notification: Notification) -> Message:
    return _compose(
        notification,
        _("Appointment booked: %(when)s"),
        _("Meeting booked: %(when)s"),
        more=_if_it_does_not_suit(notification),
    )


def _if_it_does_not_suit(notification: Notification) -> str:
    """Only what this reader can really do."""
    appointment, reader, _now = _facts(notification)
    if access.can(reader, access.Verb.CHANGE, appointment):
        return _("If it no longer suits, you can move or cancel it on its page.")
    if _own(appointment, reader):
        return _("If it does not suit you, tell a grown-up at home.")
    return ""


def moved(notification: Notification) -> Message:
    return _compose(
        notification,
        _("Appointment moved: now %(when)s"),
        _("Meeting moved: now %(when)s"),
        more=_("The old time is free again."),
    )


def cancelled(notification: Notification) -> Message:
    """Never why, and never by whom."""
    appointment, reader, now = _facts(notification)
    words = {"when": when(appointment.starts_at, now=now, zone=reader.zone)}
    own = _own(appointment, reader)
    gone = (
        _("The meeting %(when)s will not take place.")
        if own
        else _("The appointment %(when)s will not take place.")
    )
    return Message(
        title=_("Meeting cancelled") if own else _("Appointment cancelled"),
        body=_join(
            gone % words,
            _("You do not need to do anything."),
        ),
        action_path=reverse("appointment", args=[appointment.pk]),
        action_label=_("See the details"),
        attachments=_invitation(appointment, reader, now),
    )


def register_all() -> None:
    """Called once, when the app is ready."""
    register(Kind(reminders.REMINDER, reminder, still_wanted))
    register(Kind(reminders.BOOKED, booked, still_booked))
    register(Kind(reminders.MOVED, moved, still_booked))
    register(Kind(reminders.CANCELLED, cancelled, still_cancelled))
