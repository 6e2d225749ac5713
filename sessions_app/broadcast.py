"""The bells of a session: ids only, each process reads again what changed."""

import uuid

from core.realtime import publish_on_commit

PLACES = "session.places"  # people, state, checklist
CHAT = "session.chat"
MUTE = "session.ask_mute"  # id of the participant
SIGNAL = "session.signal"


def group(session_id: uuid.UUID) -> str:
    return f"session.{session_id.hex}"


def places_changed(session_id: uuid.UUID) -> None:
    publish_on_commit(group(session_id), PLACES, session_id)


def chat_written(session_id: uuid.UUID, seq: int) -> None:
    publish_on_commit(group(session_id), CHAT, f"{session_id}:{seq}")


def mute_asked(session_id: uuid.UUID, participant_id: uuid.UUID) -> None:
    publish_on_commit(group(session_id), MUTE, participant_id)
