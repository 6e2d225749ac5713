"""A clinic. Loud: anything missing or unsafe stops the start with a sentence."""

from django.core.exceptions import ImproperlyConfigured

from telehealth.embedded.keys import DEMO_KEY_ID
from telehealth.settings.base import *  # noqa: F403
from telehealth.settings.base import FIELD_KEYS, PUBLIC_ORIGIN, SECRET_KEY, SOCKET_ORIGIN, env

DEBUG = False


def _refuse(*, when: bool, because: str) -> None:
    if when:
        raise ImproperlyConfigured(because)


_refuse(when=env.bool("DEBUG", default=False), because="DEBUG must not be set in production.")
_refuse(when=env.bool("DEMO", default=False), because="DEMO must not be set in production.")
_refuse(
    when=not PUBLIC_ORIGIN.startswith("https://") or not SOCKET_ORIGIN.startswith("wss://"),
    because="PUBLIC_ORIGIN must be an https address: children's words travel over it.",
)
_refuse(
    when=len(SECRET_KEY) < 50
    or SECRET_KEY.startswith(("demo-", "only-for-tests", "django-insecure")),
    because="SECRET_KEY must be a secret of your own, 50 characters or more.",
)
_refuse(
    when=any(
        part.strip().startswith((DEMO_KEY_ID + ":", "test:")) for part in FIELD_KEYS.split(",")
    ),
    because="FIELD_KEYS holds the demo's or the tests' key. Make one of your own (see README).",
)

vars().update(env.email_url("EMAIL_URL"))

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
