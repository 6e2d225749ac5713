"""Tests: the real servers, cheap passwords, mail kept in memory."""

import os

from telehealth.embedded.environment import load_embedded_environment

# A test database name of one's own lets several people (or agents) test on one cluster at once.
_name = os.environ.get("LANTERN_TEST_DB", "test_lantern")
load_embedded_environment()
os.environ.setdefault("SECRET_KEY", "only-for-tests-and-never-anywhere-else-0123456789abcdef")
os.environ.setdefault("FIELD_KEYS", "test:" + "A" * 43 + "=")
os.environ.setdefault("PUBLIC_ORIGIN", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")

from telehealth.settings.base import *  # noqa: E402, F403
from telehealth.settings.base import (  # noqa: E402
    CACHES,
    CHANNEL_LAYERS,
    DATABASES,
    INSTALLED_APPS,
    MIDDLEWARE,
    STORAGES,
)

# A page that asks once per row fails its test, whichever test opened it: the app watches Django's
# relations, the middleware counts for one request.
INSTALLED_APPS += ["zeal"]
MIDDLEWARE.insert(0, "zeal.middleware.zeal_middleware")
ZEAL_SHOW_ALL_CALLERS = True
ZEAL_ALLOWLIST = [
    # One row of the outbox for each person told: a family and a therapist, never more.
    {"model": "notifications.Notification", "field": "get()"},
    # A refused time is checked with the child's week, and fresh times are shown with a new look.
    {"model": "accounts.Child", "field": "get()"},
    # Signing in changes the session's key: the old and the new are looked up.
    {"model": "sessions.Session", "field": "get()"},
    # The page shows the newest text, and signing asks again whether it still is.
    {"model": "accounts.ConsentDocument", "field": "get()"},
    # allauth looks up the one address again before it sends the letter that confirms it.
    {"model": "account.EmailAddress", "field": "get()"},
]

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
DATABASES["default"]["TEST"] = {"NAME": _name}
DATABASES["default"]["CONN_MAX_AGE"] = 0
CACHES["default"]["KEY_PREFIX"] = f"{_name}{_worker}"
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"{_name}{_worker}"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Static files straight from their folders: a test needs no collectstatic.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
ACCOUNT_RATE_LIMITS = False
CLINIC_PHONE = "020 7946 0000"
