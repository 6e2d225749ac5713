"""Each night: what rules or time have finished goes, and the manager reads how much it was.

Every step commits with its count, so a night that was killed goes on where it stopped.
"""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import structlog
from django.contrib.sessions.models import Session as SignIn
from django.db import transaction
from django.utils import timezone

from accounts.models import Child
from core import registry
from core.actors import SystemActor
from core.audit.actions import record
from core.notifications.actions import queue
from records.access import managers
from records.actions.copies import expire_copies
from records.actions.erasing import carry_out, is_held
from records.models import Erasure, ErasureState, NightlyReport
from records.retention import blocked, plan, rule_for, shortest_years

logger = structlog.get_logger("records.purge")


def purge(*, actor: SystemActor, day: date) -> NightlyReport:
    """One night's work, once for each `day` (UTC); answers its report."""
    report, _created = NightlyReport.objects.get_or_create(day=day)
    if report.finished_at is not None:
        return report
    _step(report, "copies_not_fetched", lambda: expire_copies(actor=actor))
    _step(report, "sign_ins", _old_sign_ins)
    for holding in registry.holdings():
        if holding.purged_as:
            _step(report, holding.name, lambda h=holding: _old(h, day))  # type: ignore[misc]
    for erasure_id in _partly():
        _step(report, "records_gone_on_with", lambda pk=erasure_id: _go_on(actor, pk, day))  # type: ignore[misc]
    for child_id in _perhaps_over(day):
        _step(report, "records_at_their_end", lambda pk=child_id: _end(actor, pk, day))  # type: ignore[misc]
    return _finish(actor, report)


def _step(report: NightlyReport, name: str, work: Callable[[], int]) -> None:
    """Do it and count it in one transaction; a step that fails is counted as failed."""
    try:
        with transaction.atomic():
            row = NightlyReport.objects.select_for_update().get(pk=report.pk)
            row.counts[name] = row.counts.get(name, 0) + work()
            row.save(update_fields=["counts"])
    except Exception as exc:  # one table's trouble must not keep the others
        logger.exception("purge_step_failed", step=name, error=type(exc).__name__)
        with transaction.atomic():
            row = NightlyReport.objects.select_for_update().get(pk=report.pk)
            row.counts["failed"] = row.counts.get("failed", 0) + 1
            row.save(update_fields=["counts"])


def _old(holding: registry.Holding, day: date) -> int:
    rule = rule_for(holding.purged_as, "", day)
    if rule is None or rule.days is None:
        return 0  # no rule: it is kept
    return holding.purge(timezone.now() - timedelta(days=rule.days))


def _old_sign_ins() -> int:
    return SignIn.objects.filter(expire_date__lte=timezone.now()).delete()[0]


def _partly() -> list[UUID]:
    return list(Erasure.objects.filter(state=ErasureState.PARTLY).values_list("pk", flat=True))


def _go_on(actor: SystemActor, erasure_id: UUID, day: date) -> int:
    return int(carry_out(actor=actor, erasure_id=erasure_id, today=day) is not None)


def _perhaps_over(day: date) -> list[UUID]:
    """Children who came so long ago that some rule may have ended."""
    years = shortest_years(day)
    if years is None:
        return []
    before = timezone.now() - timedelta(days=365 * years)
    asked = Erasure.objects.exclude(state__in=[ErasureState.DECLINED, ErasureState.DONE])
    old = Child.objects.filter(created_at__lt=before).exclude(pk__in=asked.values("child_id"))
    return list(old.values_list("pk", flat=True))


def _end(actor: SystemActor, child_id: UUID, day: date) -> int:
    """A record whose every rule has ended is erased without anybody asking."""
    child = Child.objects.select_related("user").get(pk=child_id)
    if is_held(child_id) or blocked(child_id) or not plan(child, today=day).is_everything:
        return 0
    erasure = Erasure.objects.create(child_id=child_id, state=ErasureState.CONFIRMED)
    record(actor=actor, action="erasure.due", obj=erasure, child_id=child_id)
    return int(carry_out(actor=actor, erasure_id=erasure.pk, today=day) is not None)


@transaction.atomic
def _finish(actor: SystemActor, report: NightlyReport) -> NightlyReport:
    report = NightlyReport.objects.select_for_update().get(pk=report.pk)
    report.finished_at = timezone.now()
    report.save(update_fields=["finished_at"])
    record(actor=actor, action="purge.night", obj=report, fields=sorted(report.counts))
    for person in managers():
        queue(
            actor=actor,
            kind="purge.report",
            recipient=person,
            subject=report,
            dedup_key=f"purge.report:{report.day}:{person.pk}",
        )
    return report
