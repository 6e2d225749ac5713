"""The bells of a session: ids only, each process reads again what changed."""

import uuid
from collections.abc import Mapping

from core.realtime import publish_on_commit

PLACES = "session.places"  # people, state, checklist
CHAT = "session.chat"  # which rooms have new lines, and up to which number
MUTE = "session.ask_mute"  # id of the participant
SIGNAL = "session.signal"
# Every process listens: one bell for all lines of a commit, instead of one for each room.
ALL_CHAT = "sessions.chat"


def group(session_id: uuid.UUID) -> str:
    return f"session.{session_id.hex}"


def places_changed(session_id: uuid.UUID) -> None:
    publish_on_commit(group(session_id), PLACES, session_id)


def chat_written(last: Mapping[uuid.UUID, int]) -> None:
    """Sessions and the number of their last line."""
    if last:
        publish_on_commit(ALL_CHAT, CHAT, " ".join(f"{pk}:{seq}" for pk, seq in last.items()))


def mute_asked(session_id: uuid.UUID, participant_id: uuid.UUID) -> None:
    publish_on_commit(group(session_id), MUTE, participant_id)
