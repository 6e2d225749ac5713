"""Work that beat starts."""

from celery import shared_task

from accounts.actions.birthdays import note_birthdays
from core.actors import SystemActor


@shared_task
def birthdays() -> int:
    return note_birthdays(actor=SystemActor("birthdays"))
