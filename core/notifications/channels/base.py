"""The small interface of every channel, and the three ways a provider can fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from core.notifications.kinds import Message
from core.notifications.models import Notification


class TemporaryFailure(Exception):
    """The provider said "not now", or was never reached: surely not sent. Try again later."""


class PermanentFailure(Exception):
    """The provider said "never" (unknown address, blocked): surely not sent. Give up."""


class NoAnswer(Exception):
    """It was handed over and nothing came back: perhaps sent. Tried again once, and marked."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a channel sends: to whom, what, and an id that stays the same if it is sent again."""

    delivery_id: UUID
    notification: Notification
    recipient: AbstractBaseUser
    message: Message


class Channel(Protocol):
    """One way to reach a person. The three failures' first argument is a short code for the row."""

    code: str
    # Does it make a sound or a light in someone's bedroom? Then quiet hours hold it back.
    disturbs: bool
    # Is sending twice the same as sending once? Then a lost worker leaves no doubt behind.
    idempotent: bool

    def reaches(self, recipient: AbstractBaseUser) -> bool:
        """Has this person an address here, and is the channel configured?"""

    def send(self, parcel: Parcel) -> None:
        """Return when accepted; else raise TemporaryFailure, PermanentFailure or NoAnswer."""
