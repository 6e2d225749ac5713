"""Doors for Celery: ids in, an action, nothing else. All may run twice."""

from celery import shared_task
from django.utils import timezone

from core.actors import SystemActor
from records import actions


@shared_task
def build_copies() -> int:
    return actions.build_waiting(actor=SystemActor("copies"))


@shared_task
def carry_out_erasures() -> int:
    return actions.carry_out_confirmed(actor=SystemActor("erasure"))


@shared_task
def anchor_audit() -> str:
    """Every hour, for a day once: a beat that slept through the night catches up."""
    day = timezone.now().date()
    return str(actions.anchor_trail(actor=SystemActor("audit"), day=day))


@shared_task
def purge_night() -> None:
    actions.purge(actor=SystemActor("purge"), day=timezone.now().date())
