"""The test settings for servers as processes: connections are kept, as in production."""

from telehealth.settings.test import *  # noqa: F403
from telehealth.settings.test import DATABASES

DATABASES["default"]["CONN_MAX_AGE"] = 600
