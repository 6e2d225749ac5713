"""Work that beat starts, in the demo only."""

from celery import shared_task

from telehealth.demo_sessions import keep_one_about_to_start


@shared_task
def keep_demo_session() -> None:
    keep_one_about_to_start(patient=True)
