"""A record with something of everything in it, by the real actions."""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import AssentAnswer, Child, Role, User
from accounts.selectors import current_document
from core.notifications.actions import subscribe_push
from core.notifications.delivery import deliver_due
from scheduling import actions as scheduling
from scheduling.models import Appointment, CancelReason, ChildHours, State
from sessions_app.actions import notes, room
from sessions_app.models import NoteFormat
from tests.cast import Cast, staff
from tests.scheduling.steps import booked
from tests.sessions_app.steps import admitted, appointment_now, listed, written

# Words that must be found in one person's copy and in nobody else's.
QUESTION, REPLY = "Will Mum hear sentinel-question?", "No, sentinel-reply."
ALONE, TOGETHER = "sentinel-alone with Amara", "sentinel-together"
NOTE, ADDED, HOME = "sentinel-note", "sentinel-addendum", "sentinel-home 7"
FORMULA = "=HYPERLINK(1)"


@dataclass
class Story:
    cast: Cast
    past: Appointment | None = None

    @property
    def child(self) -> Child:
        return Child.objects.get(pk=self.cast.sam_child.pk)


def lead(username: str = "lea") -> User:
    return staff(username, "Lea", Role.SAFEGUARDING_LEAD)


def older(cast: Cast, years: int) -> Child:
    """Sam at another age; born early in the year, so that the years are whole."""
    child = Child.objects.get(pk=cast.sam_child.pk)
    day = timezone.now().date()
    child.birth_date = day.replace(year=day.year - years, month=1, day=1)
    child.save()
    cast.sam_child = child
    return child


def whole_record(cast: Cast) -> Story:
    """Sam's family with consent, a past session with chat, a note, a list, wishes and messages."""
    asked = accounts.answer_assent(
        actor=cast.sam,
        child=cast.sam_child,
        document=current_document(),
        answer=AssentAnswer.QUESTION,
        question=QUESTION,
    )
    accounts.reply_to_question(actor=cast.amara, assent=asked, reply=REPLY)
    accounts.answer_assent(
        actor=cast.sam, child=cast.sam_child, document=current_document(), answer=AssentAnswer.YES
    )
    scheduling.add_child_hours(
        actor=cast.maria,
        child=cast.sam_child,
        kind=ChildHours.Kind.SCHOOL,
        weekdays=[0, 1],
        start_minute=540,
        end_minute=600,
    )
    scheduling.set_rest(actor=cast.maria, child=cast.sam_child, rest_after_minutes=45)
    scheduling.make_feed(actor=cast.sam)
    scheduling.choose_reminders(actor=cast.sam, offsets=[15])
    subscribe_push(actor=cast.sam, endpoint="https://push.example/x", p256dh="a", auth="b")
    cancelled = booked(cast)
    scheduling.cancel(actor=cast.maria, appointment=cancelled, reason=CancelReason.FLARE)
    past = _session(cast)
    deliver_due()
    return Story(cast, past)


def _session(cast: Cast) -> Appointment:
    appointment = appointment_now(cast)
    admitted(cast, cast.sam, appointment)
    written(cast.sam, appointment, ALONE)
    admitted(cast, cast.maria, appointment)
    written(cast.sam, appointment, TOGETHER)
    written(cast.amara, appointment, FORMULA)
    listed(cast, appointment, location=HOME)
    room.end_for_all(actor=cast.amara, appointment_id=appointment.pk)
    note = notes.save_note(
        actor=cast.amara,
        appointment_id=appointment.pk,
        note_format=NoteFormat.SOAP,
        sections={"subjective": NOTE, "objective": "", "assessment": "", "plan": "x"},
        version=0,
    )
    notes.sign_note(actor=cast.amara, appointment_id=appointment.pk, version=note.revision)
    notes.add_addendum(actor=cast.amara, appointment_id=appointment.pk, reason="late", body=ADDED)
    # Long enough ago to be a last contact.
    start = timezone.now() - timedelta(hours=2)
    Appointment.objects.filter(pk=appointment.pk).update(
        starts_at=start, ends_at=start + timedelta(minutes=50)
    )
    assert Appointment.objects.get(pk=appointment.pk).state == State.BOOKED
    return appointment


def opened(content: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Every file of a copy, and its JSON."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files["record.json"])


def everywhere(*needles: str) -> list[str]:
    """ "table: needle" for each table of the database with a row that has it in any column."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            for needle in needles:
                cursor.execute(
                    f'SELECT 1 FROM "{table}" AS row WHERE row::text ILIKE %s LIMIT 1',  # noqa: S608
                    [f"%{needle}%"],
                )
                if cursor.fetchone():
                    found.append(f"{table}: {needle}")
    return found


def settle() -> None:
    """What COMMIT does: run the deferred triggers and constraints."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
