"""Settings every environment shares. Secrets have no default: a missing one stops the process.

`NAME_FILE` may replace any `NAME` (the file's content is the value), so that secrets come from
files in production.
"""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from core.logging import configure as configure_logging

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(os.environ.get("LANTERN_VAR") or BASE_DIR / "var")


class _Environment(FileAwareMapping):  # type: ignore[misc]
    """A value without the line end an editor or `echo` leaves in its file.

    coturn reads the same file by a shell, which drops it: with it, no credential would fit.
    """

    def __getitem__(self, key: str) -> str:
        try:
            return str(super().__getitem__(key)).rstrip("\r\n")
        except OSError as exc:
            raise ImproperlyConfigured(
                f"{key}_FILE names a file that cannot be read ({exc.strerror})."
            ) from None


class _Env(environ.Env):  # type: ignore[misc]
    ENVIRON = _Environment()


env = _Env()

CLINIC_NAME = env("CLINIC_NAME", default="Lantern Clinic")
CLINIC_PHONE = env("CLINIC_PHONE", default="")
CLINIC_COUNTRY = env("CLINIC_COUNTRY", default="GB")
# A public page with nothing to explain, for the quick exit.
QUICK_EXIT_URL = env("QUICK_EXIT_URL", default="https://www.bbc.co.uk/weather")

INSTALLED_APPS = [
    "core",
    "core.audit",
    "core.notifications",
    "accounts",
    "records",
    "scheduling",
    "sessions_app",
    "telehealth",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "django_htmx",
    "anymail",
    "pgtrigger",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "core.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "core.middleware.private_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.person_time_zone",
    "core.middleware.row_security",
    "accounts.middleware.sign_in",
    "accounts.middleware.second_factor",
    "core.middleware.error_mapping",
]

ROOT_URLCONF = "telehealth.urls"
WSGI_APPLICATION = "telehealth.wsgi.application"
ASGI_APPLICATION = "telehealth.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "telehealth.context.shell",
            ],
            "builtins": ["core.templatetags.lantern"],
        },
    },
]
FORM_RENDERER = "core.pages.LanternFormRenderer"

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["ENGINE"] = "core.postgres"
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 3
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "core.cache.ResilientRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "lantern",
    },
}
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        # PubSub, not Core: half the CPU and it finds its subscriptions again after a Redis restart.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "lantern"},
    },
}

# Celery spells a Unix socket its own way.
CELERY_BROKER_URL = (
    f"redis+socket://{REDIS_URL.removeprefix('unix://').partition('?')[0]}?virtual_host=0"
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_DEFAULT_QUEUE = "lantern"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker waits for Redis for as long as it takes; the default gives up after 100 tries.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.OneLook"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.GuardianSignupForm"
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.LoginForm",
    "signup": "accounts.sign_in_forms.SignupForm",
    "add_email": "accounts.sign_in_forms.AddEmailForm",
    "reset_password": "accounts.sign_in_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.ResetPasswordKeyForm",
    "change_password": "accounts.sign_in_forms.ChangePasswordForm",
}
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
# "key" is a name and a network (accounts.adapter): a sibling's or a stranger's wrong guesses must
# not shut a child out for long. The wide limit keeps a passphrase of 27 bits safe (accounts.words).
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {
    "login_failed": "20/m/ip,10/5m/key",
    "login_failed_anywhere": "200/d/key",
    # Invitations and cards that do not work: each is a row in the audit trail.
    "link_refused": "30/m/ip",
}
# A sign-in counts as proof for this long; then dangerous acts ask again (accounts.sign_in).
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
MFA_ADAPTER = "accounts.mfa.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.second_factor_forms.CodeForm",
    "reauthenticate": "accounts.second_factor_forms.CodeAgainForm",
    "activate_totp": "accounts.second_factor_forms.FirstCodeForm",
    "add_webauthn": "accounts.second_factor_forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Telephones' clocks differ by some seconds; a used code is refused for as long as it would count.
MFA_TOTP_TOLERANCE = 1
# Nobody is signed in before their first address is verified, so allauth's reason against it (a
# stranger who locks the owner of an address out) does not exist; with it staff could not change it.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
USERSESSIONS_ADAPTER = "accounts.user_sessions.UserSessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

SECRET_KEY = env("SECRET_KEY")
# "key id:base64 of 32 bytes", comma separated; the first seals, all can open (see core.encryption)
FIELD_KEYS = env("FIELD_KEYS")
PUBLIC_ORIGIN = env("PUBLIC_ORIGIN")
# Where browsers open sockets; the same host as the pages unless a demo runs without a proxy.
SOCKET_ORIGIN = env("SOCKET_ORIGIN", default=PUBLIC_ORIGIN.replace("http", "ws", 1))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]

SESSION_ENGINE = "accounts.sessions"
# At most, however busy; a sign-in nobody uses ends after IDLE_MINUTES.
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
IDLE_MINUTES = {"child": 60, "guardian": 30, "staff": 15}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.pages.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# A door that takes a file puts its own handler in place of this one.
FILE_UPLOAD_HANDLERS = ["core.uploads.NoFiles"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'", SOCKET_ORIGIN],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}
PERMISSIONS_POLICY: dict[str, list[str] | str] = {
    "camera": "self",
    "microphone": "self",
    "display-capture": [],
    "geolocation": [],
    "payment": [],
    "usb": [],
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "core.staticfiles.OnceStorage"},
}

EMAIL_BACKEND = env("EMAIL_BACKEND", default="anymail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Lantern <hello@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Together well under the outbox's lease (core.notifications.outbox): a provider that takes longer
# is "no answer", not a second worker sending beside the first.
EMAIL_TIMEOUT = 10
ANYMAIL = {"REQUESTS_TIMEOUT": 10}

# STUN/TURN for the live room: time-limited credentials are an HMAC over TURN_SECRET.
TURN_URLS = env.list("TURN_URLS", default=[])
TURN_SECRET = env("TURN_SECRET", default="")
TURN_TTL_SECONDS = env.int("TURN_TTL_SECONDS", default=600)
# Forced relay hides everybody's home address from everybody else, also one household's from the
# other's; it needs TURN.
RELAY_ONLY = env.bool("RELAY_ONLY", default=bool(TURN_URLS))

# The clinic's rules for families
CANCEL_NOTICE_HOURS = env.int("CANCEL_NOTICE_HOURS", default=24)
HOLD_MINUTES = 5
# Of one child, by the family; the care team may book more.
MOST_BOOKED_AHEAD = env.int("MOST_BOOKED_AHEAD", default=16)
REMINDER_OFFSETS_MINUTES = [24 * 60, 15]
# Web push (VAPID) and SMS stay off until a clinic configures them.
WEBPUSH_PRIVATE_KEY = env("WEBPUSH_PRIVATE_KEY", default="")
WEBPUSH_SUBJECT = env("WEBPUSH_SUBJECT", default="")
SMS_BACKEND = env("SMS_BACKEND", default="")

# Beside the practice managers, who gets the audit trail's daily head: an archive elsewhere.
AUDIT_ANCHOR_EMAIL = env("AUDIT_ANCHOR_EMAIL", default="")

DEMO = False
LOGGING_CONFIG = None
configure_logging(level=env("LOG_LEVEL", default="INFO"), json=env.bool("LOG_JSON", default=True))
