"""Web push by pywebpush; off without VAPID keys."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import requests.exceptions
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from pywebpush import WebPushException, webpush

from core.notifications.channels.base import NoAnswer, Parcel, PermanentFailure, TemporaryFailure
from core.notifications.channels.email import translate_http
from core.notifications.models import PushSubscription

# The browser tells us where to post: without a list anyone could make us call our own network.
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    ".push.apple.com",
    ".notify.windows.com",
)
_GONE = frozenset({404, 410})
_TIMEOUT_SECONDS = 5
_KEEP_SECONDS = 3600


def is_push_endpoint(endpoint: str) -> bool:
    """Is this an https address of a browser maker's push service?"""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    known = any(host.endswith(h) if h.startswith(".") else host == h for h in PUSH_HOSTS)
    return parts.scheme == "https" and parts.port in {None, 443} and known


class WebPush:
    code = "webpush"
    disturbs = True
    idempotent = False

    def reaches(self, recipient: AbstractBaseUser) -> bool:
        return bool(
            settings.WEBPUSH_PRIVATE_KEY
            and settings.WEBPUSH_SUBJECT
            and PushSubscription.objects.filter(person_id=recipient.pk).exists()
        )

    def send(self, parcel: Parcel) -> None:
        """To each of the person's browsers; accepted by one is sent, a dead one is forgotten."""
        payload = json.dumps(
            {
                "title": parcel.message.title,
                "path": parcel.message.action_path,
                # the browser replaces a notification of the same tag: a second copy is not seen
                "tag": str(parcel.delivery_id),
            }
        )
        failures: list[Exception] = []
        reached = False
        for subscription in PushSubscription.objects.filter(person_id=parcel.recipient.pk):
            failure = _push(subscription, payload)
            if failure is None:
                reached = True
            else:
                failures.append(failure)
        if reached:
            return
        for kind in (NoAnswer, TemporaryFailure):
            for failure in failures:
                if isinstance(failure, kind):
                    raise failure
        raise PermanentFailure("no_browser_left")


def _push(subscription: PushSubscription, payload: str) -> Exception | None:
    try:
        webpush(
            subscription_info={
                "endpoint": subscription.endpoint,
                "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth},
            },
            data=payload,
            vapid_private_key=settings.WEBPUSH_PRIVATE_KEY,
            vapid_claims={"sub": settings.WEBPUSH_SUBJECT},
            timeout=_TIMEOUT_SECONDS,
            ttl=_KEEP_SECONDS,
        )
    except WebPushException as exc:
        status = exc.response.status_code if exc.response is not None else None
        if status in _GONE:
            subscription.delete()
            return PermanentFailure("gone")
        return translate_http(exc, status)
    except requests.exceptions.RequestException as exc:
        return translate_http(exc, None)
    return None
