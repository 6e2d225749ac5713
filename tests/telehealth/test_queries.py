"""A busy clinic asks the database no more often than a quiet one: at most twelve times a page."""

from datetime import timedelta
from typing import Any

import pytest
import zeal
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import Child, Role, StaffMembership, User
from accounts.views import people as views
from core.notifications.models import InboxMessage, Notification, NotificationState
from scheduling.models import Appointment, State, WhoJoins
from tests.cast import Cast, child_of, client_for, sign, staff
from tests.queries import asked

MOST_QUERIES = 12
MANY = 24


def appointments(cast: Cast, child: Child, *, past: int, coming: int) -> None:
    """Rows as booking leaves them, on hours of their own; actions book no past."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0)
    taken = Appointment.objects.filter(therapist=cast.amara_t).count()
    hours = [-(n + 2 + taken) for n in range(past)] + [n + 2 + taken for n in range(coming)]
    Appointment.objects.bulk_create(
        Appointment(
            child=child,
            therapist=cast.amara_t,
            starts_at=start + timedelta(hours=hour),
            ends_at=start + timedelta(hours=hour, minutes=50),
            state=State.BOOKED,
            booked_by=cast.maria,
            who_joins=WhoJoins.CHILD,
        )
        for hour in hours
    )


@pytest.fixture
def busy(signed: Cast) -> Cast:
    """Amara treats 25 children; Maria is a guardian of four, with 48 appointments; 24 colleagues;
    everyone has 24 messages."""
    for n in range(MANY):
        guardian = signed.maria if n < 3 else signed.olga
        child = child_of(guardian, f"Child{n}", username=f"child{n}")
        accounts.join_care_team(actor=guardian, child=child, therapist=signed.amara_t)
        sign(guardian, child)
        appointments(signed, child, past=1, coming=1)
        staff(f"mod{n}", f"Mod {n}", Role.MODERATOR)
    appointments(signed, signed.sam_child, past=MANY, coming=MANY)
    for who in ("maria", "sam", "amara", "mo", "pat"):
        messages(getattr(signed, who))
    return signed


def messages(reader: User) -> None:
    told = Notification.objects.bulk_create(
        Notification(
            kind="consent.copy",
            recipient=reader,
            subject_type="accounts.user",
            subject_id=reader.pk,
            dedup_key=f"{reader.pk}:{n}",
            due_at=timezone.now(),
            next_attempt_at=timezone.now(),
            state=NotificationState.SENT,
        )
        for n in range(MANY)
    )
    InboxMessage.objects.bulk_create(
        InboxMessage(notification=row, recipient=reader, title="Hello", body="A word.")
        for row in told
    )


PAGES = [
    ("sam", "home"),
    ("maria", "home"),
    ("amara", "home"),
    ("mo", "home"),
    ("pat", "home"),
    ("amara", "caseload"),
    ("sam", "appointments"),
    ("maria", "appointments"),
    ("amara", "appointments"),
    ("pat", "staff"),
    ("amara", "notes"),
    ("sam", "inbox"),
    ("maria", "inbox"),
    ("amara", "inbox"),
    ("maria", "child_detail"),
    ("amara", "child_detail"),
    ("maria", "profile"),
]


def test_a_full_page_asks_at_most_twelve_times(busy: Cast) -> None:
    sent = {}
    for who, name in PAGES:
        client = client_for(getattr(busy, who))
        url = reverse(name, args=[busy.sam_child.pk] if name == "child_detail" else [])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        sent[who, name] = len(asked(queries))
    assert max(sent.values()) <= MOST_QUERIES, sent


def test_a_page_that_asks_for_each_row_would_fail_here(cast: Cast, monkeypatch: Any) -> None:
    """The watch over every test of a page is awake: without the join, the list raises."""
    monkeypatch.setattr(views, "staff_list", StaffMembership.objects.current)
    with pytest.raises(zeal.NPlusOneError):
        client_for(cast.pat).get(reverse("staff"))
