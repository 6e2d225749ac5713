"""Doors for Celery: beat knocks every minute, `realtime.kick` right after a commit."""

from celery import shared_task

from core.notifications import delivery


@shared_task
def deliver_due() -> int:
    """Send what is due; answers how many rows were handled. Safe to run twice at once."""
    return delivery.deliver_due()
