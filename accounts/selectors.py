"""Reads for pages and for the gates of other apps: does consent stand?"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import (
    Assent,
    AssentAnswer,
    CareTeamMembership,
    Child,
    ConsentDocument,
    ConsentKind,
    ConsentSignature,
    GuardianLink,
    Licence,
    Scope,
    StaffMembership,
)

ASSENT_FROM_AGE = 7  # SAFETY.md, Consent and assent


@dataclass(frozen=True)
class ConsentStatus:
    """What stands for one child and one kind of consent."""

    document: ConsentDocument
    signature: ConsentSignature | None
    assent: Assent | None
    assent_needed: bool

    @property
    def guardian_signed(self) -> bool:
        return self.signature is not None

    @property
    def child_agreed(self) -> bool:
        if not self.assent_needed:
            return True
        return self.assent is not None and self.assent.answer == AssentAnswer.YES

    @property
    def stands(self) -> bool:
        return self.guardian_signed and self.child_agreed


def current_document(kind: ConsentKind = ConsentKind.TELEHEALTH) -> ConsentDocument:
    return ConsentDocument.objects.filter(kind=kind, language="en").latest("version")


def consent_status(child: Child, kind: ConsentKind = ConsentKind.TELEHEALTH) -> ConsentStatus:
    """Read fresh each time: a withdrawal counts from the next request or message on."""
    versions = list(ConsentDocument.objects.filter(kind=kind, language="en").order_by("-version"))
    document = versions[0]
    oldest_valid = next(d.version for d in versions if d.substantive)
    signers = GuardianLink.objects.current().filter(child=child, scopes__contains=[Scope.CONSENT])
    signature = (
        ConsentSignature.objects.filter(
            child=child,
            document__kind=kind,
            document__version__gte=oldest_valid,
            withdrawn_at=None,
            signer__in=signers.values("guardian_id"),
        )
        .order_by("-signed_at")
        .first()
    )
    assent = (
        Assent.objects.filter(child=child, document__kind=kind, document__version__gte=oldest_valid)
        .order_by("-answered_at")
        .first()
    )
    return ConsentStatus(document, signature, assent, child.age >= ASSENT_FROM_AGE)


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


def open_questions(child: Child) -> QuerySet[Assent]:
    return Assent.objects.filter(
        child=child, answer=AssentAnswer.QUESTION, reply__isnull=True
    ).order_by("answered_at")


def people_around(child: Child) -> tuple[list[GuardianLink], list[CareTeamMembership]]:
    """The child's guardians and care team, for "who belongs to this child"."""
    links = GuardianLink.objects.current().filter(child=child).select_related("guardian")
    team = (
        CareTeamMembership.objects.current().filter(child=child).select_related("therapist__user")
    )
    return list(links), list(team)
