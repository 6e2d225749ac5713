"""The whole care team reads signed notes, and who opens the record in an emergency; no draft."""

from django.urls import reverse

from accounts import actions as accounts
from accounts.models import BreakGlass
from core.audit.models import AuditEvent
from sessions_app.actions import notes, room
from sessions_app.models import NoteFormat
from tests.cast import Cast, client_for
from tests.sessions_app.steps import admitted, appointment_now


def test_colleague_and_emergency_read_what_is_signed_and_no_draft(signed: Cast) -> None:
    appointment = appointment_now(signed)
    admitted(signed, signed.sam, appointment)
    room.end_for_all(actor=signed.amara, appointment_id=appointment.pk)
    saved = notes.save_note(
        actor=signed.amara,
        appointment_id=appointment.pk,
        note_format=NoteFormat.DAP,
        sections={"data": "sentinel-data", "assessment": "Well.", "plan": "On."},
        version=0,
    )
    url = reverse("child_notes", args=[signed.sam_child.pk])
    accounts.break_glass(actor=signed.ben, sign_in_name="sam", reason="A call.")
    for reader in (signed.amara, signed.ben):
        page = client_for(reader).get(url)
        assert page.status_code == 200
        assert "sentinel-data" not in page.text
    notes.sign_note(actor=signed.amara, appointment_id=appointment.pk, version=saved.revision)
    notes.add_addendum(
        actor=signed.amara, appointment_id=appointment.pk, reason="A slip", body="sentinel-added"
    )
    for reader in (signed.amara, signed.ben):
        text = client_for(reader).get(url).text
        assert "sentinel-data" in text
        assert "sentinel-added" in text
    for stranger in (signed.maria, signed.dad, signed.sam, signed.mo, signed.pat, signed.olga):
        assert client_for(stranger).get(url).status_code == 404
    assert AuditEvent.objects.filter(action="note.view", actor_id=signed.ben.pk).exists()
    BreakGlass.objects.update(ended_at=BreakGlass.objects.get().started_at)
    assert client_for(signed.ben).get(url).status_code == 404
