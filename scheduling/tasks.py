"""Sweeping up holds nobody came back to. Bookings never wait for it: they look for themselves."""

from celery import shared_task

from scheduling import actions


@shared_task(name="scheduling.tasks.expire_holds", ignore_result=True)
def expire_holds() -> int:
    return actions.expire_holds()
