"""The Celery app: what beat starts, and when. Due work itself is rows in Postgres."""

from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import worker_ready
from django.conf import settings

from core.rls import steady


class SystemTask(Task[Any, Any]):
    """Acts for nobody, and Postgres is told so (core.rls)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with steady(self.name):
            return super().__call__(*args, **kwargs)


app = Celery("telehealth", task_cls=SystemTask)
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
    "close-forgotten-sessions": {
        "task": "sessions_app.tasks.close_forgotten_sessions",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    # Tidying only: a booking lets stale holds go by itself.
    "expire-holds": {
        "task": "scheduling.tasks.expire_holds",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    # Only tells people: the gates look at the child's own date. Hourly, so that it is soon after
    # midnight wherever the child is; what was missed is caught up.
    "birthdays": {
        "task": "accounts.tasks.birthdays",
        "schedule": crontab(minute=5),
        "options": {"expires": 3000},
    },
    # After a new release brought new rules of law.
    "missing-reviews": {
        "task": "accounts.tasks.missing_reviews",
        "schedule": crontab(hour=4, minute=20),
        "options": {"expires": 3000},
    },
    # The head of the audit chain, kept outside the database: once a day, whichever hour.
    "anchor-audit": {
        "task": "records.tasks.anchor_audit",
        "schedule": crontab(minute=5),
        "options": {"expires": 3000},
    },
    # As above: a night in which nothing ran is made up for in the morning.
    "purge-night": {
        "task": "records.tasks.purge_night",
        "schedule": crontab(minute=35),
        "options": {"expires": 3000},
    },
    # What a kick after commit missed.
    "build-copies": {
        "task": "records.tasks.build_copies",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "carry-out-erasures": {
        "task": "records.tasks.carry_out_erasures",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
}
IN_THE_DEMO = {
    "keep-demo-session": {
        "task": "telehealth.tasks.keep_demo_session",
        "schedule": 60.0,
        "options": {"expires": 50},
    }
}
if settings.DEMO:
    app.conf.beat_schedule.update(IN_THE_DEMO)


@worker_ready.connect
def first_heartbeat(sender: Any, **_kwargs: Any) -> None:
    """/readyz would otherwise wait for beat's first tick to hear that a worker is there."""
    sender.app.send_task("core.tasks.beat_heartbeat")
