"""The composition root: settings, doors, processes. Nobody imports it but the processes.

Imports nothing itself: `telehealth.embedded` must run, and explain itself, when little works.
The Celery app is made known by `telehealth.apps` (and found by `celery -A telehealth`).
"""
