"""What about a child's consent a clinician decides: a review, or a dispute between guardians."""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.access import Verb, get_child_for, get_matter_for, people_who_can
from accounts.broadcast import access_revoked
from accounts.consent_standing import review_reasons, signers_for
from accounts.models import (
    Child,
    ConsentKind,
    ConsentMatter,
    ConsentSignature,
    Decision,
    MatterKind,
    User,
)
from accounts.selectors import ConsentStatus, consent_status
from core.actors import Actor
from core.audit.actions import record
from core.notifications.actions import queue


def turn(child: Child) -> None:
    """The child's row is the turn of everything about its consent.

    Booking locks it too: a yes, a withdrawal, a birthday and a booking at the same instant each
    see what the one before them wrote.
    """
    Child.objects.select_for_update(of=("self",)).filter(pk=child.pk).first()


def tell_sockets(child: Child) -> None:
    people = people_who_can(Verb.JOIN, child).values_list("pk", flat=True)
    access_revoked(people, child.pk)


def ask_for_review(
    *, actor: Actor, status: ConsentStatus, kind: ConsentKind
) -> ConsentMatter | None:
    """Open a review where the rules ask for one that nobody has decided; once, however often.

    None where nothing is missing.
    """
    if not status.review_needed or status.reviewed:
        return None
    matter, created = ConsentMatter.objects.get_or_create(
        child=status.child,
        kind=kind,
        what=MatterKind.REVIEW,
        raised_by=None,
        decided_at=None,
        defaults={"covers": sorted(review_reasons(status.needed))},
    )
    if created:
        record(actor=actor, action="consent.review_asked", obj=matter, child_id=status.child.pk)
        _tell_deciders(actor, matter)
    return matter


def facts_changed(*, actor: Actor, child: Child) -> None:
    """To be called with whatever changes who must sign: custody, an order, a link, the place.

    Asks for a review that is needed now, and makes open sockets look again.
    """
    turn(child)
    status = consent_status(Child.objects.select_related("user").get(pk=child.pk))
    if status.signatures:
        ask_for_review(actor=actor, status=status, kind=ConsentKind.TELEHEALTH)
    tell_sockets(child)


def ask_missing_reviews(*, actor: Actor) -> int:
    """After a change of law: reviews that are needed now and nobody was asked for."""
    signed = ConsentSignature.objects.filter(withdrawn_at=None, child=OuterRef("pk"))
    asked = ConsentMatter.objects.filter(
        decided_at=None, what=MatterKind.REVIEW, child=OuterRef("pk")
    )
    children = Child.objects.filter(Exists(signed), ~Exists(asked)).select_related("user")
    waiting = [
        child
        for child in children.iterator(chunk_size=500)
        if review_reasons(signers_for(child, ConsentKind.TELEHEALTH))
    ]
    found = 0
    for child in waiting:
        with transaction.atomic():
            turn(child)
            status = consent_status(child)
            found += (
                ask_for_review(actor=actor, status=status, kind=ConsentKind.TELEHEALTH) is not None
            )
    return found


def open_dispute(*, actor: User, child: Child, kind: ConsentKind, words: str = "") -> ConsentMatter:
    """Called with the child's turn taken. An open dispute of the same guardian is the same one."""
    matter, created = ConsentMatter.objects.get_or_create(
        child=child,
        kind=kind,
        what=MatterKind.DISPUTE,
        raised_by=actor,
        decided_at=None,
        defaults={"words": words.strip() or None},
    )
    if created:
        record(actor=actor, action="consent.dispute", obj=matter, child_id=child.pk)
        _tell_deciders(actor, matter)
    return matter


def _tell_deciders(actor: Actor, matter: ConsentMatter) -> None:
    for person in people_who_can(Verb.SETTLE, matter.child):
        queue(
            actor=actor,
            kind="consent.matter",
            recipient=person,
            subject=matter,
            dedup_key=f"consent.matter:{matter.pk}:{person.pk}",
        )


@transaction.atomic
def review_consent(
    *,
    actor: User,
    child: Child,
    decision: Decision,
    reason: str,
    kind: ConsentKind = ConsentKind.TELEHEALTH,
) -> ConsentMatter:
    """A clinician looked at what the rules ask for, and says why it may go on or not.

    The newest decision counts, so a later look replaces this one.
    """
    turn(child)
    child = get_child_for(actor, child.pk, Verb.SETTLE)
    status = consent_status(child, kind)
    covers = sorted(review_reasons(status.needed))
    asked = ConsentMatter.objects.filter(
        child=child, kind=kind, what=MatterKind.REVIEW, decided_at=None
    ).first()
    if asked is None or set(asked.covers) != set(covers):
        # Custody or place changed since it was asked: the decision is about today's reasons.
        if asked is not None:
            _decide(actor, asked, Decision.STOPS, reason)
        asked = ConsentMatter(child=child, kind=kind, what=MatterKind.REVIEW, covers=covers)
    _decide(actor, asked, decision, reason)
    return asked


@transaction.atomic
def settle_dispute(*, actor: User, matter: ConsentMatter, reason: str) -> ConsentMatter:
    """The guardians have been spoken with: the dispute is over, and their signatures count again.

    NotVisible if a colleague was quicker.
    """
    turn(matter.child)
    matter = get_matter_for(actor, matter.pk, MatterKind.DISPUTE)
    _decide(actor, matter, Decision.GOES_ON, reason)
    return matter


def _decide(actor: User, matter: ConsentMatter, decision: Decision, reason: str) -> None:
    matter.decision, matter.reason = decision, reason.strip()
    matter.decided_by, matter.decided_at = actor, timezone.now()
    matter.save()
    action = f"consent.{matter.what}_decided"
    record(actor=actor, action=action, obj=matter, child_id=matter.child_id, fields=["decision"])
    child = matter.child
    # Guardians learn that there is news, never whose words began it or what was written.
    for person in people_who_can(Verb.CONSENT, child):
        queue(
            actor=actor,
            kind="consent.decided",
            recipient=person,
            subject=child,
            dedup_key=f"consent.decided:{matter.pk}:{person.pk}",
        )
    tell_sockets(child)
