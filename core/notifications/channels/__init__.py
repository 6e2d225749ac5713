"""Ways to reach a person. `CHANNELS` is the only list of them."""

from core.notifications.channels.base import (
    Channel,
    NoAnswer,
    Parcel,
    PermanentFailure,
    TemporaryFailure,
)
from core.notifications.channels.email import Email
from core.notifications.channels.inbox import Inbox
from core.notifications.channels.sms import Sms
from core.notifications.channels.webpush import WebPush

CHANNELS: dict[str, Channel] = {c.code: c for c in (Inbox(), Email(), WebPush(), Sms())}

__all__ = [
    "CHANNELS",
    "Channel",
    "NoAnswer",
    "Parcel",
    "PermanentFailure",
    "TemporaryFailure",
]
