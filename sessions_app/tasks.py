"""Work that beat starts."""

from datetime import timedelta

from celery import shared_task

from core.actors import SystemActor
from sessions_app.actions.room import close_forgotten

FORGOTTEN_AFTER = timedelta(minutes=60)


@shared_task
def close_forgotten_sessions() -> int:
    return close_forgotten(actor=SystemActor("close_forgotten"), after=FORGOTTEN_AFTER)
