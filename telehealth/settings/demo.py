"""The demo on one's own machine: embedded servers, a mailbox page, keys of its own."""

import os

from telehealth.embedded.environment import load_embedded_environment
from telehealth.embedded.keys import load_demo_keys

load_embedded_environment()
load_demo_keys()
_port = os.environ.get("PORT", "8000")
os.environ.setdefault("PUBLIC_ORIGIN", f"http://localhost:{_port}")
os.environ.setdefault("SOCKET_ORIGIN", f"ws://localhost:{os.environ.get('SOCKET_PORT', '8001')}")
os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1")
os.environ.setdefault("EMAIL_BACKEND", "core.notifications.mailbox.MailboxBackend")
os.environ.setdefault("LOG_JSON", "false")
os.environ.setdefault("CLINIC_PHONE", "020 7946 0000")

from telehealth.settings.base import *  # noqa: E402, F403

DEMO = True
