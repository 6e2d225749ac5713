"""Calendar files (RFC 5545, RFC 5546). Neutral words only: they end up on shared fridges' tablets.

Times are UTC instants, which no calendar can read wrongly; each shows them on its own clock. The
UID never changes, SEQUENCE rises with every change, so a moved appointment moves in the calendar
instead of appearing twice.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress

from scheduling.models import Appointment, State

CONTENT_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=1)


def uid(appointment: Appointment) -> str:
    """Stable for ever: not the host's name, which a clinic may change."""
    return f"{appointment.pk}@lantern.invalid"


def page_url(appointment: Appointment) -> str:
    return f"{settings.PUBLIC_ORIGIN.rstrip('/')}{reverse('appointment', args=[appointment.pk])}"


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Lantern//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(appointment: Appointment, *, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", uid(appointment))
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("sequence", appointment.sequence)
    event.add("summary", _("Appointment"))
    event.add("class", "PRIVATE")
    event.add("url", page_url(appointment))
    event.add("status", "CANCELLED" if appointment.state == State.CANCELLED else "CONFIRMED")
    return event


def invitation(appointment: Appointment, *, email: str, stamp: datetime) -> bytes:
    """REQUEST, or CANCEL once it is cancelled, for one reader: nobody else's address is in it."""
    cancelled = appointment.state == State.CANCELLED
    calendar = _calendar("CANCEL" if cancelled else "REQUEST")
    event = _event(appointment, stamp=stamp)
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["CN"] = "Lantern"  # a clinic's own name may say what it treats
    event.add("organizer", organizer)
    attendee = vCalAddress(f"mailto:{email}")
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = "FALSE"
    event.add("attendee", attendee)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def download(appointment: Appointment, *, stamp: datetime) -> bytes:
    """One appointment to add by hand: no organizer, so the calendar treats it as the reader's."""
    calendar = _calendar("PUBLISH")
    calendar.add_component(_event(appointment, stamp=stamp))
    return bytes(calendar.to_ical())


def feed(appointments: Iterable[Appointment], *, stamp: datetime) -> bytes:
    """Everything one person may see, cancelled ones marked so that calendars drop them."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", _("Appointments"))
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for appointment in appointments:
        calendar.add_component(_event(appointment, stamp=stamp))
    return bytes(calendar.to_ical())
