"""A court, an insurer or a complaint may need a record: nothing of it is erased meanwhile."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Child, User
from core.audit.actions import record
from core.errors import NotVisible
from records.access import check_decides
from records.errors import NameDoesNotFit
from records.models import LegalHold


@transaction.atomic
def place_hold(*, actor: User, sign_in_name: str, reason: str) -> LegalHold:
    """From now on, until somebody ends it. NameDoesNotFit for a name that is no child's."""
    check_decides(actor)
    name = sign_in_name.strip().lower()
    # The child's row is the turn: an erasure under way is finished, or sees the hold.
    child = Child.objects.select_for_update().filter(user__username__iexact=name).first()
    if child is None:
        raise NameDoesNotFit
    hold = LegalHold.objects.create(child=child, reason=reason.strip(), placed_by=actor)
    record(actor=actor, action="hold.place", obj=hold, child_id=child.pk)
    return hold


@transaction.atomic
def end_hold(*, actor: User, hold_id: UUID) -> LegalHold:
    """A second press changes nothing."""
    check_decides(actor)
    hold = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
    if hold is None:
        raise NotVisible
    if hold.ended_at is None:
        hold.ended_at, hold.ended_by = timezone.now(), actor
        hold.save(update_fields=["ended_at", "ended_by"])
        record(actor=actor, action="hold.end", obj=hold, child_id=hold.child_id)
    return hold
