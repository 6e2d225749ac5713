"""Where a colleague may work, and when they stop. For the practice manager; nothing clinical."""

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.access import get_colleague_for
from accounts.broadcast import access_revoked
from accounts.errors import LastManager, LicenceOverlaps, NotATherapist
from accounts.models import Licence, Role, StaffMembership, Therapist, User
from core.audit.actions import record
from core.errors import NotVisible


def _therapist(actor: User, membership_id: UUID) -> Therapist:
    colleague = get_colleague_for(actor, membership_id)
    if colleague.role != Role.THERAPIST:
        raise NotATherapist
    # The row is the turn: two presses must not each see no licence.
    return Therapist.objects.select_for_update().get(user=colleague.user)


@transaction.atomic
def add_licence(
    *,
    actor: User,
    membership_id: UUID,
    place: str,
    valid_from: date,
    valid_until: date | None = None,
    number: str = "",
) -> Licence:
    """A therapist may work with children in `place` on these dates, both included.

    LicenceOverlaps if one for that place covers part of the time already.
    """
    therapist = _therapist(actor, membership_id)
    known = Licence.objects.filter(therapist=therapist, place=place)
    if valid_until is not None:
        known = known.filter(valid_from__lte=valid_until)
    if known.filter(Q(valid_until=None) | Q(valid_until__gte=valid_from)).exists():
        raise LicenceOverlaps
    licence = Licence.objects.create(
        therapist=therapist,
        place=place,
        number=number.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
    )
    record(actor=actor, action="licence.add", obj=licence, fields=["place", "valid_from"])
    return licence


@transaction.atomic
def end_licence(*, actor: User, membership_id: UUID, licence_id: UUID) -> Licence:
    """From today on nothing can be booked there and no session started without a reason."""
    therapist = _therapist(actor, membership_id)
    licence = Licence.objects.filter(therapist=therapist, pk=licence_id).first()
    if licence is None:
        raise NotVisible
    yesterday = timezone.now().astimezone(therapist.user.zone).date() - timedelta(days=1)
    if licence.valid_until is None or licence.valid_until > yesterday:
        # One that was to start later never counts: it ends before it begins.
        licence.valid_until = yesterday
        licence.save(update_fields=["valid_until"])
        record(actor=actor, action="licence.end", obj=licence, fields=["valid_until"])
    return licence


@transaction.atomic
def end_work(*, actor: User, membership_id: UUID) -> StaffMembership:
    """Works here no longer in this role: stops with the next request, open sockets close.

    What is booked stays, so that the clinic can speak with each family. LastManager guards the
    only one who could invite another.
    """
    colleague = get_colleague_for(actor, membership_id)
    managers = StaffMembership.objects.current().filter(role=Role.MANAGER)
    # Locked together: two managers who end each other must not both succeed.
    left = [row.pk for row in managers.select_for_update() if row.pk != colleague.pk]
    if colleague.role == Role.MANAGER and not left:
        raise LastManager
    colleague.ended_at = timezone.now()
    colleague.save(update_fields=["ended_at"])
    record(actor=actor, action="staff.end", obj=colleague, fields=["ended_at"])
    access_revoked([colleague.user_id], colleague.user_id)
    return colleague
