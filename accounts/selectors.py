"""Reads for pages and for the gates of other apps. Whether consent stands: consent_standing."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.consent_standing import (
    ConsentStatus,
    consent_status,
    consent_statuses,
    current_document,
    level_for,
)
from accounts.models import (
    CareTeamMembership,
    Child,
    GuardianLink,
    Licence,
    SignInCard,
    StaffMembership,
)
from core.prepared import CHILD, NOW, Prepared

__all__ = [
    "ConsentStatus",
    "consent_status",
    "consent_statuses",
    "current_document",
    "level_for",
    "licences_of",
    "open_card",
    "people_around",
    "staff_list",
]


def open_card(child: Child) -> SignInCard | None:
    return SignInCard.objects.filter(child=child, ended_at=None).first()


def staff_list() -> QuerySet[StaffMembership]:
    """Who works here now, for the practice manager; no clinical content."""
    return (
        StaffMembership.objects.current()
        .select_related("user")
        .order_by("role", "user__display_name")
    )


def licences_of(colleague: StaffMembership) -> QuerySet[Licence]:
    """Licences that count now or later, by place."""
    today = timezone.now().astimezone(colleague.user.zone).date()
    return Licence.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=today), therapist__user=colleague.user
    ).order_by("place", "valid_from")


_LINKS = Prepared(
    lambda: GuardianLink.objects.current(NOW).filter(child=CHILD).select_related("guardian")
)
_TEAM = Prepared(
    lambda: (
        CareTeamMembership.objects.current(NOW)
        .filter(child=CHILD)
        .select_related("therapist__user")
    )
)


def people_around(child: Child) -> tuple[list[GuardianLink], list[CareTeamMembership]]:
    """The child's guardians and care team, for "who belongs to this child"."""
    values = {CHILD: child.pk, NOW: timezone.now()}
    return _LINKS.rows(values), _TEAM.rows(values)
