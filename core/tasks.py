"""Background work of the ground itself."""

from celery import shared_task

from core import health


@shared_task
def beat_heartbeat() -> None:
    """Prove that beat, broker and worker are all alive (read by /readyz)."""
    health.beat()
