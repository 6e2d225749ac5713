"""Background work of the ground itself."""

from typing import Any

from celery import shared_task
from celery.signals import task_postrun, task_prerun

from core import health
from core.logging import request_id


@task_prerun.connect
def _name_the_task(task_id: str, **_kwargs: Any) -> None:
    """Audit rows and log lines of a task carry its id, as those of a page carry the request's."""
    if not request_id.get():  # an eager task in a test stays part of its request
        request_id.set(task_id)


@task_postrun.connect
def _forget_the_task(task_id: str, **_kwargs: Any) -> None:
    if request_id.get() == task_id:
        request_id.set("")


@shared_task
def beat_heartbeat() -> None:
    """Prove that beat, broker and worker are all alive (read by /readyz)."""
    health.beat()
