"""Who may come in where: the live room, its socket and every message, and notes."""

from enum import StrEnum

from accounts.access import Verb as PeopleVerb
from accounts.doors import MEANS as PEOPLES_MEANS
from accounts.doors import Hat
from accounts.models import Role
from core.doors import BOTH, GET, POST, Rule, message, page, socket, task
from sessions_app.access import Verb

MEANS: dict[Rule, set[StrEnum]] = {
    Verb.ENTER: PEOPLES_MEANS[PeopleVerb.ATTEND] | {Hat.SESSION_THERAPIST},
    Verb.RUN: {Hat.SESSION_THERAPIST},
}

PAGES = (
    page("session_check", GET, Verb.ENTER, what="Try camera and microphone before a session."),
    page("session_wait", GET, Verb.ENTER, what="The waiting room."),
    page("session_room", GET, Verb.ENTER, what="The room."),
    page("session_chat", BOTH, Verb.ENTER, what="The session's chat, without a socket."),
    page("session_checklist", POST, Verb.RUN, what="The start list, before anybody is let in."),
    page("session_outcome", POST, Verb.RUN, what="Say afterwards how it went."),
    page("notes", GET, Role.THERAPIST, what="A therapist's own notes that wait to be signed."),
    page("note", BOTH, Verb.RUN, what="Write and sign the session's note."),
    page("child_notes", GET, PeopleVerb.READ, what="The child's signed notes, to read."),
    page("note_addendum", POST, Verb.RUN, what="Add to a note that is signed."),
)

SOCKET = (
    socket(
        "ws/sessions/<uuid:appointment_id>/",
        Verb.ENTER,
        what="The room's socket: a place in the waiting room first.",
    ),
    message("ping", Verb.ENTER, what="Still here?"),
    message("ice", Verb.ENTER, what="Fresh addresses of the video relay."),
    message("signal", Verb.ENTER, what="Set up video with one other person in the room."),
    message("chat.send", Verb.ENTER, what="Write to those in the room."),
    message("chat.since", Verb.ENTER, what="The lines one was there to read."),
    message("admit", Verb.RUN, what="Let one person in."),
    message("admit_all", Verb.RUN, what="Let everybody who waits in."),
    message("send_back", Verb.RUN, what="Send one person back to the waiting room."),
    message("ask_mute", Verb.RUN, what="Ask one person to mute."),
    message("leave", Verb.ENTER, what="Leave the room."),
    message("end", Verb.RUN, what="End the session for everybody."),
)

DOORS = (
    *PAGES,
    *SOCKET,
    task("sessions_app.tasks.close_forgotten_sessions", what="End rooms that were left open."),
)
