"""A kind of notification to tell stories with, and a channel that does what a story says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from core.actors import SystemActor
from core.notifications import actions, kinds
from core.notifications.channels import CHANNELS, Parcel
from core.notifications.kinds import Kind, Message
from core.notifications.models import Delivery, Notification

TELLER = SystemActor("teller")


class Scripted:
    """Raises or returns what the script says, in order; counts what may have gone out."""

    code = "scripted"

    def __init__(self, *script: Any, disturbs: bool = True, idempotent: bool = False) -> None:
        self.script = list(script)
        self.sent: list[Parcel] = []
        self.disturbs = disturbs
        self.idempotent = idempotent

    def reaches(self, recipient: Any) -> bool:
        return True

    def send(self, parcel: Parcel) -> None:
        self.sent.append(parcel)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step(parcel)


def render(notification: Notification) -> Message:
    return Message(
        title="Your appointment tomorrow",
        body="We look forward to seeing you.\n\nTue 24 Nov, 16:00 GMT",
        action_path="/inbox/",
        action_label="See it",
    )


@contextmanager
def telling(
    *channels: str,
    still_valid: Callable[[Notification], bool] = lambda _n: True,
    ignores_quiet_hours: bool = False,
    render: Callable[[Notification], Message] = render,
    scripted: Scripted | None = None,
) -> Iterator[None]:
    """While this lasts, the kind "test.hello" is known and so is the scripted channel."""
    if scripted is not None:
        CHANNELS["scripted"] = scripted
    kinds.register(
        Kind(
            code="test.hello",
            render=render,
            still_valid=still_valid,
            channels=channels,
            ignores_quiet_hours=ignores_quiet_hours,
        )
    )
    try:
        yield
    finally:
        kinds._kinds.pop("test.hello")
        CHANNELS.pop("scripted", None)


def tell(person: Any, key: str = "k1", **more: Any) -> Notification:
    return actions.queue(
        actor=TELLER, kind="test.hello", recipient=person, subject=person, dedup_key=key, **more
    )


def only(notification: Notification, channel: str = "scripted") -> Delivery:
    return Delivery.objects.get(notification=notification, channel=channel)
