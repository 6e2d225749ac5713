"""Text messages through a provider class named by `settings.SMS_BACKEND`; off without one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from django.utils.module_loading import import_string

from core.notifications.channels.base import Parcel

MAX_CHARACTERS = 300


class SmsProvider(Protocol):
    """What a provider offers. It raises the three failures of `base` and nothing else."""

    def send(self, *, to: str, text: str, reference: UUID) -> None:
        """`to` in E.164; `reference` is the same if the message is ever sent again."""


class FileSms:
    """For development and the demo: one file per message under `VAR_DIR/sms`."""

    def send(self, *, to: str, text: str, reference: UUID) -> None:
        folder = Path(settings.VAR_DIR) / "sms"
        folder.mkdir(parents=True, exist_ok=True)
        stamp = f"{timezone.now():%Y%m%dT%H%M%SZ}"
        (folder / f"{stamp}-{reference}.txt").write_text(f"To: {to}\n\n{text}\n", encoding="utf-8")


def number_of(recipient: AbstractBaseUser) -> str:
    """Their phone number; "" if they gave none (a User without `phone` has none)."""
    return str(getattr(recipient, "phone", "") or "")


class Sms:
    code = "sms"
    disturbs = True
    idempotent = False

    def reaches(self, recipient: AbstractBaseUser) -> bool:
        return bool(settings.SMS_BACKEND and number_of(recipient))

    def send(self, parcel: Parcel) -> None:
        provider = cast("SmsProvider", import_string(settings.SMS_BACKEND)())
        link = (
            f" {settings.PUBLIC_ORIGIN}{parcel.message.action_path}"
            if parcel.message.action_path
            else ""
        )
        text = (
            f"{settings.CLINIC_NAME}: {parcel.message.title}"[: MAX_CHARACTERS - len(link)] + link
        )
        provider.send(to=number_of(parcel.recipient), text=text, reference=parcel.delivery_id)
