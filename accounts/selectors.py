"""Reads for pages and for the gates of other apps: does consent stand?"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
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
from core.prepared import CHILD, EACH, MANY, NOW, Prepared

ASSENT_FROM_AGE = 7  # SAFETY.md, Consent and assent


@dataclass(frozen=True)
class ConsentStatus:
    """What stands for one child and one kind of consent."""

    document: ConsentDocument
    signature: ConsentSignature | None
    assent: Assent | None
    assent_needed: bool
    # Of every version: a child that asked gets an answer also after the text was renewed.
    open_questions: tuple[Assent, ...] = ()

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
    return consent_statuses([child], kind)[child.pk]


def _versions(kind: ConsentKind) -> QuerySet[ConsentDocument]:
    return ConsentDocument.objects.filter(kind=kind, language="en").order_by("-version")


def _signed(kind: ConsentKind) -> QuerySet[Any]:
    """By a guardian who may sign now; oldest first."""
    signers = GuardianLink.objects.current(NOW).filter(
        child=OuterRef("child"), guardian=OuterRef("signer"), scopes__contains=[Scope.CONSENT]
    )
    return (
        ConsentSignature.objects.filter(
            Exists(signers), withdrawn_at=None, child__in=EACH, document__kind=kind
        )
        .annotate(version=F("document__version"))
        .defer("text_shown", "answers")  # pages of text, for an inspector only
        .order_by("signed_at")
    )


def _answered(kind: ConsentKind) -> QuerySet[Any]:
    """Oldest first."""
    return (
        Assent.objects.filter(child__in=EACH, document__kind=kind)
        .annotate(version=F("document__version"))
        .order_by("answered_at")
    )


_VERSIONS = {kind: Prepared(partial(_versions, kind)) for kind in ConsentKind}
_SIGNED = {kind: Prepared(partial(_signed, kind)) for kind in ConsentKind}
_ANSWERED = {kind: Prepared(partial(_answered, kind)) for kind in ConsentKind}


def consent_statuses(
    children: Collection[Child], kind: ConsentKind = ConsentKind.TELEHEALTH
) -> dict[uuid.UUID, ConsentStatus]:
    """What stands for each of them, in three queries however many they are."""
    values = {MANY: [child.pk for child in children], NOW: timezone.now()}
    versions = _VERSIONS[kind].rows(values)
    oldest_valid = next(d.version for d in versions if d.substantive)
    answers = _ANSWERED[kind].rows(values)
    # What is kept for each child is the newest.
    signatures = {
        row.child_id: row for row in _SIGNED[kind].rows(values) if row.version >= oldest_valid
    }
    assents = {row.child_id: row for row in answers if row.version >= oldest_valid}
    return {
        child.pk: ConsentStatus(
            versions[0],
            signatures.get(child.pk),
            assents.get(child.pk),
            child.age >= ASSENT_FROM_AGE,
            _open_questions(child, answers),
        )
        for child in children
    }


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


def _open_questions(child: Child, answers: Collection[Assent]) -> tuple[Assent, ...]:
    return tuple(
        row
        for row in answers
        if row.child_id == child.pk and row.answer == AssentAnswer.QUESTION and row.reply is None
    )


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
