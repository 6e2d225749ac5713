"""Tells open sockets that somebody's rights changed; they look again and close."""

from collections.abc import Iterable
from uuid import UUID

from core.realtime import publish_on_commit

REVOKED = "access.revoked"


def person_group(user_id: UUID) -> str:
    return f"person.{user_id.hex}"


def access_revoked(user_ids: Iterable[UUID], about: UUID) -> None:
    """`about` is the child or person whose relation changed; receivers re-read it by id."""
    for user_id in set(user_ids):
        publish_on_commit(person_group(user_id), REVOKED, about)
