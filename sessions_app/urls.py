"""The live session and notes. Included at /sessions/."""

from django.urls import path

from sessions_app.views import live, notes, record

urlpatterns = [
    path("notes/", notes.unsigned, name="notes"),
    path("notes/<uuid:child_id>/", record.child_notes, name="child_notes"),
    path("<uuid:appointment_id>/check/", live.check, name="session_check"),
    path("<uuid:appointment_id>/wait/", live.wait, name="session_wait"),
    path("<uuid:appointment_id>/room/", live.enter_room, name="session_room"),
    path("<uuid:appointment_id>/checklist/", live.save_checklist, name="session_checklist"),
    path("<uuid:appointment_id>/chat/", live.session_chat, name="session_chat"),
    path("<uuid:appointment_id>/note/", notes.note, name="note"),
    path("<uuid:appointment_id>/note/add/", notes.addendum, name="note_addendum"),
    path("<uuid:appointment_id>/outcome/", notes.set_outcome, name="session_outcome"),
]
