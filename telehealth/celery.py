"""The Celery app: what beat starts, and when. Due work itself is rows in Postgres."""

from celery import Celery
from celery.schedules import crontab

app = Celery("telehealth")
# "current" is kept per thread: without a default, gunicorn's other threads would get an empty app
# that looks for a broker on localhost.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Rows that a kick after commit missed, whose time has come, or whose worker was lost.
    # `expires`: a worker that was away for an hour must not find sixty sweeps to run.
    "deliver-due": {
        "task": "core.notifications.tasks.deliver_due",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "heartbeat": {
        "task": "core.tasks.beat_heartbeat",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    # The head of the audit chain, kept outside the database: in the log.
    "audit-head": {
        "task": "core.audit.tasks.log_head",
        "schedule": crontab(hour=3, minute=0),
    },
}
