"""The composition root: settings, doors, processes. Nobody imports it but the processes."""

from telehealth.celery import app as celery_app

__all__ = ["celery_app"]
