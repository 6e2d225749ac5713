"""The head of the audit trail, each day, to places the database's owner does not hold."""

from datetime import date

import structlog
from django.db import transaction

from core.actors import Actor
from core.audit import chain
from core.audit.models import GENESIS, AuditAnchor
from core.notifications.actions import queue
from records.access import managers

logger = structlog.get_logger("records.audit")


@transaction.atomic
def anchor_trail(*, actor: Actor, day: date) -> AuditAnchor:
    """Check what came since the last anchor, keep the head and send it out: once a day.

    A second run of the same day changes nothing; after days that were missed the new head covers
    all of them. To the log, and by mail to the practice managers (AUDIT_ANCHOR_EMAIL gets a copy).
    """
    known = AuditAnchor.objects.filter(day=day).first()
    if known is not None:
        return known
    last = AuditAnchor.objects.filter(day__lt=day).order_by("day").last()
    after = (last.seq, bytes(last.hash)) if last is not None else (0, GENESIS)
    verdict = chain.verify({after[0]: after[1]}, after=after)
    broken = verdict.broken
    anchor, created = AuditAnchor.objects.get_or_create(
        day=day,
        defaults={
            "seq": verdict.rows,
            "hash": verdict.head,
            "broken": f"row {broken.seq or broken.id}: {broken.reason}" if broken else "",
        },
    )
    if created:
        logger.info("audit_head", anchor=str(anchor), broken=anchor.broken)
        for person in managers():
            queue(
                actor=actor,
                kind="audit.anchor",
                recipient=person,
                subject=anchor,
                dedup_key=f"audit.anchor:{day}:{person.pk}",
            )
    return anchor
