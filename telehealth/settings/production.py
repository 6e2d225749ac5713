"""A clinic. Loud: anything missing or unsafe stops the start with a sentence."""

import os

from django.core.exceptions import ImproperlyConfigured

from telehealth.settings.base import *  # noqa: F403
from telehealth.settings.base import env

DEBUG = False

for _name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "CLINIC_COUNTRY"):
    if not env(_name):
        raise ImproperlyConfigured(f"{_name} is empty.")

# EMAIL_BACKEND, when given, wins over the one EMAIL_URL implies: a provider's API by anymail.
_mail = env.email_url("EMAIL_URL")
vars().update(_mail | {"EMAIL_BACKEND": env("EMAIL_BACKEND", default=_mail["EMAIL_BACKEND"])})

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

# Last: these read the settings above, and importing them needs none.
from telehealth.checks import refusals  # noqa: E402

for _because in refusals(
    vars() | {"DEBUG": env.bool("DEBUG", default=False), "DEMO": env.bool("DEMO", default=False)},
    os.environ,
):
    raise ImproperlyConfigured(_because)
