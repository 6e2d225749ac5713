"""Pages: WSGI threads with persistent connections (gunicorn gthread)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.demo")
application = get_wsgi_application()
