"""The Celery app: what beat starts, and when. Due work itself is rows in Postgres."""

from celery import Celery

app = Celery("telehealth")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {}
