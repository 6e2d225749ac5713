"""Work that beat starts."""

from celery import shared_task

from accounts.actions.birthdays import note_birthdays
from accounts.actions.matters import ask_missing_reviews
from core.actors import SystemActor


@shared_task
def birthdays() -> int:
    return note_birthdays(actor=SystemActor("birthdays"))


@shared_task
def missing_reviews() -> int:
    return ask_missing_reviews(actor=SystemActor("missing_reviews"))
