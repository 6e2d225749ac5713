"""Notes: saved by themselves, never over another tab's text, signed once, then only added to."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from core.audit.models import AuditEvent
from core.errors import NotVisible
from scheduling.models import Appointment, Outcome
from sessions_app.actions import notes
from sessions_app.errors import NoteChanged, NoteEmpty, NoteLocked
from sessions_app.forms import SECTIONS
from sessions_app.models import NoteAddendum, NoteFormat, SessionNote
from sessions_app.selectors import unsigned_notes
from tests.cast import Cast
from tests.sessions_app.steps import admitted, appointment_now

SOAP = {"subjective": "slept badly", "objective": "", "assessment": "", "plan": "pacing"}


@pytest.fixture
def amara(signed: Cast, as_user: Callable[..., Client]) -> Client:
    return as_user(signed.amara)


def url(appointment: Appointment, name: str = "note") -> str:
    return reverse(name, args=[appointment.pk])


def draft(cast: Cast, appointment: Appointment, version: int = 0, **words: str) -> SessionNote:
    return notes.save_note(
        actor=cast.amara,
        appointment_id=appointment.pk,
        note_format=NoteFormat.SOAP,
        sections=SOAP | words,
        version=version,
    )


def signed_note(cast: Cast, appointment: Appointment) -> SessionNote:
    note = draft(cast, appointment)
    return notes.sign_note(actor=cast.amara, appointment_id=appointment.pk, version=note.revision)


@pytest.mark.parametrize("note_format", NoteFormat)
def test_each_format_has_its_sections_and_is_signed(
    amara: Client, now: Appointment, note_format: NoteFormat
) -> None:
    page = amara.get(url(now), {"format": note_format})
    names = [name for name, _label in SECTIONS[note_format]]
    assert [name for name in page.context["form"].fields if name != "version"] == names
    words = {name: f"about {name}" for name in names}
    posted = words | {"version": "0", "format": note_format, "sign": "1"}
    assert amara.post(url(now), posted).status_code == 302
    note = SessionNote.objects.get()
    assert (note.format, note.sections) == (note_format, words)
    assert note.signed_at is not None
    shown = amara.get(url(now)).content.decode()
    assert all(text in shown for text in words.values())


def test_a_draft_saves_itself_and_counts_its_versions(amara: Client, now: Appointment) -> None:
    for version in range(3):
        answer = amara.post(
            url(now),
            SOAP | {"plan": f"step {version}", "version": str(version), "format": "soap"},
            headers={"X-Autosave": "1"},
        )
        assert answer.json() == {"version": version + 1}
    note = SessionNote.objects.get()
    assert (note.sections["plan"], note.revision) == ("step 2", 3)
    assert AuditEvent.objects.filter(action="note.draft").count() == 1, "one draft, not three"


def test_a_stale_tab_overwrites_nothing_and_loses_nothing(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    draft(signed, now, plan="from the other tab")
    mine = SOAP | {"plan": "typed here", "version": "0", "format": "soap"}
    quiet = amara.post(url(now), mine, headers={"X-Autosave": "1"})
    assert (quiet.status_code, quiet.json()["code"]) == (409, "note_changed")
    page = amara.post(url(now), mine)
    assert page.status_code == 422
    text = page.content.decode()
    assert "typed here" in text
    assert "from the other tab" in text
    assert SessionNote.objects.get().sections["plan"] == "from the other tab"
    # After looking, saving again is a decision.
    again = mine | {"version": str(page.context["form"]["version"].value())}
    assert amara.post(url(now), again).status_code == 302
    assert SessionNote.objects.get().sections["plan"] == "typed here"


def test_a_stale_tab_cannot_sign(signed: Cast, now: Appointment) -> None:
    draft(signed, now)
    draft(signed, now, version=1, plan="newer")
    with pytest.raises(NoteChanged):
        notes.sign_note(actor=signed.amara, appointment_id=now.pk, version=1)
    assert SessionNote.objects.get().signed_at is None


def test_an_empty_note_cannot_be_signed(amara: Client, signed: Cast, now: Appointment) -> None:
    with pytest.raises(NoteEmpty):
        notes.sign_note(actor=signed.amara, appointment_id=now.pk, version=0)
    blank = dict.fromkeys(SOAP, "  ") | {"version": "0", "format": "soap", "sign": "1"}
    page = amara.post(url(now), blank)
    assert page.status_code == 422
    assert "empty note" in page.content.decode()
    assert not SessionNote.objects.exists(), "a draft of nothing would make this form a stale one"
    again = {"version": page.context["form"]["version"].value(), "format": "soap", "sign": "1"}
    assert amara.post(url(now), SOAP | again).status_code == 302
    assert SessionNote.objects.get().signed_at is not None


def test_a_note_of_giant_sections_is_refused_with_the_text_kept(
    amara: Client, now: Appointment
) -> None:
    giant = SOAP | {"plan": "x" * 20_001, "version": "0", "format": "soap"}
    assert amara.post(url(now), giant, headers={"X-Autosave": "1"}).status_code == 422
    page = amara.post(url(now), giant)
    assert page.status_code == 422
    assert "x" * 20_001 in page.content.decode()
    assert not SessionNote.objects.exists()


def test_signing_twice_is_signing_once(signed: Cast, now: Appointment) -> None:
    first = signed_note(signed, now)
    again = notes.sign_note(actor=signed.amara, appointment_id=now.pk, version=99)
    assert again.signed_at == first.signed_at
    assert AuditEvent.objects.filter(action="note.sign", child_id=now.child_id).count() == 1


def test_a_signed_note_is_locked_by_action_page_and_model(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    note = signed_note(signed, now)
    with pytest.raises(NoteLocked):
        draft(signed, now, version=note.revision, plan="changed")
    stale = SOAP | {"plan": "changed", "version": "1", "format": "soap"}
    page = amara.post(url(now), stale)
    assert "changed" not in [text for _label, text in page.context["sections"]]
    note = SessionNote.objects.get()
    note.sections = SOAP | {"plan": "changed"}
    for write in (note.save, lambda: note.save(update_fields=["sections"]), note.delete):
        with pytest.raises(NoteLocked):
            write()
    note.signed_at = None
    with pytest.raises(NoteLocked):
        note.save()
    assert SessionNote.objects.get().sections == SOAP


RAW = [
    "UPDATE sessions_app_sessionnote SET revision = 99",
    "UPDATE sessions_app_sessionnote SET signed_at = NULL",
    "UPDATE sessions_app_sessionnote SET sections = '\\x00'",
    "DELETE FROM sessions_app_sessionnote",
    "UPDATE sessions_app_noteaddendum SET signed_at = now()",
    "DELETE FROM sessions_app_noteaddendum",
]


@pytest.mark.parametrize("sql", RAW)
def test_the_database_itself_refuses_to_change_what_is_signed(
    signed: Cast, now: Appointment, sql: str
) -> None:
    signed_note(signed, now)
    notes.add_addendum(actor=signed.amara, appointment_id=now.pk, reason="late", body="more")
    with (
        connection.cursor() as cursor,
        pytest.raises(InternalError, match=r"Cannot (update|delete)"),
        transaction.atomic(),
    ):
        cursor.execute(sql)
    assert SessionNote.objects.get().sections == SOAP
    assert NoteAddendum.objects.get().body == "more"


def test_a_draft_cannot_be_deleted_either(signed: Cast, now: Appointment) -> None:
    note = draft(signed, now)
    with pytest.raises(NoteLocked):
        note.delete()
    with pytest.raises(InternalError), transaction.atomic():
        SessionNote.objects.all().delete()


def test_what_is_added_is_dated_and_the_original_stays(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    signed_note(signed, now)
    add = url(now, "note_addendum")
    assert amara.post(add, {"reason": "", "body": "more"}).status_code == 422
    assert amara.post(add, {"reason": "the mother rang", "body": ""}).status_code == 422
    assert not NoteAddendum.objects.exists()
    answer = amara.post(add, {"reason": "the mother rang", "body": "Better since Monday."})
    assert answer.status_code == 302
    shown = amara.get(url(now)).content.decode()
    for words in ("slept badly", "the mother rang", "Better since Monday."):
        assert words in shown
    added = NoteAddendum.objects.get()
    assert added.author == signed.amara
    with pytest.raises(NoteLocked):
        added.save()
    assert AuditEvent.objects.filter(action="note.addendum", child_id=now.child_id).count() == 1


def test_nothing_is_added_to_a_draft(signed: Cast, now: Appointment) -> None:
    draft(signed, now)
    with pytest.raises(NoteEmpty):
        notes.add_addendum(actor=signed.amara, appointment_id=now.pk, reason="r", body="b")


def test_the_rows_hold_no_word_of_it(signed: Cast, now: Appointment) -> None:
    signed_note(signed, now)
    notes.add_addendum(actor=signed.amara, appointment_id=now.pk, reason="secretly", body="hidden")
    raw = b""
    with connection.cursor() as cursor:
        for table in ("sessionnote", "noteaddendum"):
            cursor.execute(f"SELECT * FROM sessions_app_{table}")  # noqa: S608
            raw += b" ".join(
                bytes(cell) if isinstance(cell, memoryview) else str(cell).encode()
                for cell in cursor.fetchone()
            )
    for words in ("slept", "pacing", "secretly", "hidden"):
        assert words.encode() not in raw


def test_unsigned_notes_are_listed_oldest_first_until_signed(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    def past(weeks: int, **values: Any) -> Appointment:
        shift = timedelta(days=7 * weeks)
        return appointment_now(
            signed, starts_at=now.starts_at - shift, ends_at=now.ends_at - shift, **values
        )

    newer, older = past(1, outcome=Outcome.COMPLETED), past(2)
    past(3, outcome=Outcome.NO_SHOW)
    past(4, therapist=signed.ben_t)
    assert list(unsigned_notes(signed.amara)) == [older, newer], "not what goes on, nor a no-show"
    draft(signed, older)
    page = amara.get(reverse("notes"))
    assert [row.pk for row in page.context["waiting"]] == [older.pk, newer.pk]
    notes.sign_note(actor=signed.amara, appointment_id=older.pk, version=1)
    assert list(unsigned_notes(signed.amara)) == [newer]
    assert not unsigned_notes(signed.ben).exists(), "Ben is not on Sam's team"
    for user in (signed.sam, signed.maria, signed.mo, signed.pat):
        assert not unsigned_notes(user).exists()


def test_the_list_is_for_therapists(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    for user in (signed.sam, signed.maria, signed.olga, signed.mo, signed.pat):
        assert as_user(user).get(reverse("notes")).status_code == 404
    assert as_user(signed.ben).get(reverse("notes")).status_code == 200


def test_everybody_else_gets_the_404_of_an_unknown_id(
    signed: Cast, now: Appointment, as_user: Callable[..., Client]
) -> None:
    """Child, guardian, a colleague of the team, and strangers: read, write, sign, add, outcome."""
    signed_note(signed, now)
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    users: list[Any] = [signed.sam, signed.maria, signed.dad, *signed.strangers_to_sam]
    for user in users:
        client = as_user(user)
        for about in (now, Appointment(pk=uuid.uuid4())):
            answers = [
                client.get(url(about)),
                client.post(url(about), SOAP | {"version": "1", "format": "soap", "sign": "1"}),
                client.post(url(about, "note_addendum"), {"reason": "r", "body": "b"}),
                client.post(url(about, "session_outcome"), {"outcome": "no_show"}),
            ]
            assert [answer.status_code for answer in answers] == [404] * 4
            assert "slept badly" not in answers[0].content.decode()
        for refused in (
            lambda user=user: notes.save_note(
                actor=user,
                appointment_id=now.pk,
                note_format=NoteFormat.SOAP,
                sections=SOAP,
                version=1,
            ),
            lambda user=user: notes.sign_note(actor=user, appointment_id=now.pk, version=1),
            lambda user=user: notes.add_addendum(
                actor=user, appointment_id=now.pk, reason="r", body="b"
            ),
        ):
            with pytest.raises(NotVisible):
                refused()
    assert not NoteAddendum.objects.exists()
    assert not AuditEvent.objects.filter(action="note.view").exists()


def test_nobody_reads_it_without_a_sign_in(client: Client, now: Appointment) -> None:
    answer = client.get(url(now))
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_every_reading_is_in_the_audit_trail(signed: Cast, amara: Client, now: Appointment) -> None:
    draft(signed, now)
    amara.get(url(now))
    notes.sign_note(actor=signed.amara, appointment_id=now.pk, version=1)
    amara.get(url(now))
    views = AuditEvent.objects.filter(action="note.view", child_id=now.child_id)
    assert [event.actor_id for event in views] == [signed.amara.pk] * 2


def test_the_therapist_of_an_ended_session_lands_on_the_note(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    from sessions_app.actions import room  # noqa: PLC0415

    admitted(signed, signed.sam, now)
    room.end_for_all(actor=signed.amara, appointment_id=now.pk)
    assert amara.get(url(now, "session_room"))["Location"] == url(now)


def test_a_format_is_chosen_before_anything_is_written(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    draft(signed, now)
    page = amara.get(url(now), {"format": "birp"})
    assert page.context["form"].note_format == NoteFormat.SOAP, "written text keeps its sections"
    odd = amara.get(url(now), {"format": "poem"})
    assert odd.status_code == 200


def test_the_note_of_a_session_long_ago_can_still_be_written(
    signed: Cast, amara: Client, now: Appointment
) -> None:
    year = timedelta(days=365)
    Appointment.objects.update(starts_at=timezone.now() - year, ends_at=timezone.now() - year / 2)
    assert amara.get(url(now)).status_code == 200
