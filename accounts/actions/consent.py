"""Signing, answering in one's own words, and changing one's mind."""

import ipaddress
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, get_child_for, get_child_to_sign, people_who_can
from accounts.actions.matters import ask_for_review, open_dispute, tell_sockets, turn
from accounts.errors import (
    AnswersNotRight,
    ConsentFirst,
    DocumentChanged,
    NothingToDispute,
    NothingToWithdraw,
)
from accounts.models import (
    Assent,
    AssentAnswer,
    Child,
    ConsentDocument,
    ConsentKind,
    ConsentMatter,
    ConsentSignature,
    GuardianLink,
    SignedAs,
    User,
)
from accounts.selectors import ConsentStatus, consent_status, current_document
from core.audit.actions import record
from core.errors import NotVisible
from core.notifications.actions import queue


def truncated(ip: str) -> str | None:
    """The address's network only (/24 or /48): evidence of place without a household's address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False).network_address)


def authority(actor: User, child: Child) -> dict[str, object]:
    """By which right somebody signs. The link's row stays as it is while they do."""
    if child.user_id == actor.pk:
        return {"link": None, "relation": SignedAs.SELF}
    links = GuardianLink.objects.current().filter(child=child, guardian=actor)
    link = links.select_for_update().first()
    if link is None:
        raise NotVisible
    return {"link": link, "relation": link.relation}


def evidence(document: ConsentDocument) -> dict[str, object]:
    """Exactly what they had before their eyes."""
    return {
        "text_shown": document.body,
        "sha256": document.sha256,
        "language": document.language,
    }


@transaction.atomic
def sign_consent(
    *,
    actor: User,
    child: Child,
    document: ConsentDocument,
    typed_name: str,
    answers: Sequence[int],
    ip: str,
) -> ConsentSignature:
    """One signature of one person for one version; a double press gives the same row.

    AnswersNotRight if the comprehension questions are not all answered right; DocumentChanged if
    a newer version was published meanwhile; ConsentFirst for a young person where a guardian's
    signature is asked for as well and has not been given.
    """
    kind = ConsentKind(document.kind)
    turn(child)
    child = get_child_to_sign(actor, child.pk, kind)
    right = authority(actor, child)
    _check_readable(child, document)
    if right["link"] is None and not consent_status(child, kind).guardian_signed:
        raise ConsentFirst
    if list(answers) != [question["right"] for question in document.comprehension]:
        raise AnswersNotRight
    signature, created = ConsentSignature.objects.get_or_create(
        document=document,
        child=child,
        signer=actor,
        withdrawn_at=None,
        defaults=right
        | evidence(document)
        | {"typed_name": typed_name, "answers": list(answers), "ip_truncated": truncated(ip)},
    )
    if created:
        _tell_of(actor, signature, child, kind)
    return signature


def _check_readable(child: Child, document: ConsentDocument) -> None:
    """Only the newest text for the place where the child lives is signed."""
    newest = current_document(
        ConsentKind(document.kind), place=child.place, language=document.language
    )
    if document.pk != newest.pk:
        raise DocumentChanged


def _tell_of(actor: User, signature: ConsentSignature, child: Child, kind: ConsentKind) -> None:
    """A copy to the signer; the next one who is needed hears of it."""
    record(actor=actor, action="consent.sign", obj=signature, child_id=child.pk)
    queue(
        actor=actor,
        kind="consent.copy",
        recipient=actor,
        subject=signature,
        dedup_key=f"consent.copy:{signature.pk}",
    )
    status = consent_status(child, kind)
    ask_for_review(actor=actor, status=status, kind=kind)
    _ask_the_others(actor, status, signature)


def _ask_the_others(actor: User, status: ConsentStatus, signature: ConsentSignature) -> None:
    """Where parents decide together: whoever has not signed is told that they are needed."""
    signed = {row.signer_id for row in status.signatures}
    missing = status.deciders - signed if status.together else ()
    for person in User.objects.filter(pk__in=missing, is_active=True):
        queue(
            actor=actor,
            kind="consent.needed",
            recipient=person,
            subject=status.child,
            # A new wording, and a second try after a withdrawal, are asked for again.
            dedup_key=f"consent.needed:{signature.pk}:{person.pk}",
        )


@transaction.atomic
def withdraw_consent(
    *, actor: User, child: Child, kind: ConsentKind = ConsentKind.TELEHEALTH
) -> ConsentSignature:
    """Takes this person's agreement back at once: sockets close, new bookings are refused.

    Where parents decide together one of them is enough to stop it, and it is a dispute while the
    other's yes stands.
    """
    turn(child)
    child = get_child_to_sign(actor, child.pk, kind)
    signature = _take_back(actor, child, kind)
    if signature is None:
        raise NothingToWithdraw
    status = consent_status(child, kind)
    if status.together and status.guardian_signatures and signature.link_id is not None:
        open_dispute(actor=actor, child=child, kind=kind)
    tell_sockets(child)
    return signature


def _take_back(actor: User, child: Child, kind: ConsentKind) -> ConsentSignature | None:
    """The newest of this person's signatures, now withdrawn with all older ones."""
    standing = ConsentSignature.objects.filter(
        child=child, signer=actor, document__kind=kind, withdrawn_at=None
    )
    signature = standing.order_by("-signed_at").first()
    if signature is not None:
        standing.update(withdrawn_at=timezone.now(), withdrawn_by=actor)
        record(actor=actor, action="consent.withdraw", obj=signature, child_id=child.pk)
    return signature


@transaction.atomic
def dispute_consent(
    *,
    actor: User,
    child: Child,
    words: str = "",
    kind: ConsentKind = ConsentKind.TELEHEALTH,
) -> ConsentMatter:
    """One of several guardians who decide together says no, with words for the care team alone.

    NothingToDispute where one guardian decides. A second press is the same dispute.
    """
    turn(child)
    child = get_child_for(actor, child.pk, Verb.CONSENT)
    status = consent_status(child, kind)
    if not status.several or actor.pk not in status.deciders:
        raise NothingToDispute
    _take_back(actor, child, kind)
    matter = open_dispute(actor=actor, child=child, kind=kind, words=words)
    tell_sockets(child)
    return matter


@transaction.atomic
def answer_assent(
    *,
    actor: User,
    child: Child,
    document: ConsentDocument,
    answer: AssentAnswer,
    question: str = "",
) -> Assent:
    """The child's own answer; only the child can give it. "Not now" takes an earlier yes back."""
    turn(child)
    child = get_child_for(actor, child.pk, Verb.ASSENT)
    if not consent_status(child, ConsentKind(document.kind)).guardian_signed:
        raise ConsentFirst
    assent = Assent.objects.create(
        child=child,
        document=document,
        answer=answer,
        question=question.strip() or None,
    )
    record(actor=actor, action=f"assent.{answer}", obj=assent, child_id=child.pk)
    if answer != AssentAnswer.YES:
        tell_sockets(child)
    if answer == AssentAnswer.QUESTION:
        for person in people_who_can(Verb.SETTLE, child):
            queue(
                actor=actor,
                kind="assent.question",
                recipient=person,
                subject=assent,
                dedup_key=f"assent.question:{assent.pk}:{person.pk}",
            )
    return assent


@transaction.atomic
def reply_to_question(*, actor: User, assent: Assent, reply: str) -> Assent:
    """A named person of the care team (or the lead, before there is one) answers the question."""
    child = get_child_for(actor, assent.child_id, Verb.SETTLE)
    assent = Assent.objects.select_for_update().get(pk=assent.pk)
    assent.reply, assent.replied_by = reply.strip(), actor
    assent.save(update_fields=["reply", "replied_by"])
    record(actor=actor, action="assent.reply", obj=assent, child_id=child.pk, fields=["reply"])
    queue(
        actor=actor,
        kind="assent.reply",
        recipient=child.user,
        subject=assent,
        dedup_key=f"assent.reply:{assent.pk}",
    )
    return assent
