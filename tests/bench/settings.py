"""Settings of the servers that are measured: as in production, but for plain http on loopback.

Static files have hashed names and are compressed, templates are cached, connections are kept.
Only the password hash is a cheap one: set-up makes hundreds of people, and nothing measured here
checks a password.
"""

import os

from telehealth.embedded.environment import load_embedded_environment

load_embedded_environment()
os.environ.setdefault("SECRET_KEY", "only-for-benches-and-never-anywhere-else-0123456789abcdef")
os.environ.setdefault("FIELD_KEYS", "bench:" + "A" * 43 + "=")
os.environ.setdefault("PUBLIC_ORIGIN", "http://localhost")
os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1,testserver")

from telehealth.settings.base import *  # noqa: E402, F403
from telehealth.settings.base import CACHES, CHANNEL_LAYERS, DATABASES, VAR_DIR  # noqa: E402

NAME = "bench_lantern"
DATABASES["default"]["TEST"] = {"NAME": NAME}
CACHES["default"]["KEY_PREFIX"] = NAME
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = NAME
STATIC_ROOT = VAR_DIR / "bench-static"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
CLINIC_PHONE = "020 7946 0000"
