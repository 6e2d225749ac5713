"""What can be told. Each app registers its kinds when it loads; the outbox knows none itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.notifications.models import Notification


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file for an e-mail; `content_type` may carry parameters ("text/calendar; method=...")."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text for one reader. No health word, no surname, nobody's own words.

    `action_path` is a path on our own site ("/inbox/"); the mail makes it a full link.
    """

    title: str
    body: str
    action_path: str = ""
    action_label: str = ""
    attachments: tuple[Attachment, ...] = ()
    # Addresses that get the same e-mail, e.g. an archive. Never a person's about a child.
    copy_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # a link that leaves our site, in a mail that looks like ours, is how people get phished
        if self.action_path and (
            self.action_path[0] != "/" or self.action_path[1:2] in {"/", "\\"}
        ):
            raise ValueError("action_path must be a path on our own site")


def _always(_notification: Notification) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of notification is worded, re-checked and sent.

    `still_valid` is asked right before sending; False cancels the row. `ignores_quiet_hours` is
    for what cannot wait until morning. Both callables read the subject by
    `notification.subject_id` themselves.
    """

    code: str
    render: Callable[[Notification], Message]
    still_valid: Callable[[Notification], bool] = field(default=_always)
    channels: tuple[str, ...] = ("inbox", "email")
    ignores_quiet_hours: bool = False


class UnknownKind(LookupError):
    """No app registered this code: a programming error, or a row of an older release."""


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Register once, from AppConfig.ready. The same code twice is a programming error."""
    known = _kinds.get(kind.code)
    if known is not None and known != kind:
        raise ValueError(f"Notification kind {kind.code!r} is registered twice.")
    _kinds[kind.code] = kind


def get(code: str) -> Kind:
    """The kind of this code, or UnknownKind."""
    try:
        return _kinds[code]
    except KeyError:
        raise UnknownKind(code) from None
