"""How browsers may reach each other: TURN with credentials that end after minutes.

The credential is coturn's `use-auth-secret` form: the username is its own expiry and a name, the
password an HMAC-SHA1 of it under the shared secret (draft-uberti-behave-turn-rest-00).
"""

import base64
import hashlib
import hmac
import time
import uuid
from typing import TypedDict

from django.conf import settings


class IceServer(TypedDict):
    urls: list[str]
    username: str
    credential: str


class IceSettings(TypedDict):
    ice_servers: list[IceServer]
    ice_policy: str


def ice_settings(session_id: uuid.UUID, participant_id: uuid.UUID) -> IceSettings:
    """Servers and policy for one person; relay only, so that nobody learns a home address."""
    if not settings.TURN_URLS:
        return {"ice_servers": [], "ice_policy": "all"}
    expires = int(time.time()) + settings.TURN_TTL_SECONDS
    bound = hashlib.sha256(session_id.bytes + participant_id.bytes).hexdigest()[:16]
    username = f"{expires}:{bound}"
    digest = hmac.new(settings.TURN_SECRET.encode(), username.encode(), hashlib.sha1).digest()
    return {
        "ice_servers": [
            {
                "urls": settings.TURN_URLS,
                "username": username,
                "credential": base64.b64encode(digest).decode(),
            }
        ],
        "ice_policy": "relay" if settings.RELAY_ONLY else "all",
    }
