"""The guardian signs, the child answers in its own words, and either may change their mind."""

import ipaddress
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, get_child_for, people_who_can
from accounts.broadcast import access_revoked
from accounts.errors import AnswersNotRight, ConsentFirst, DocumentChanged, NothingToWithdraw
from accounts.models import (
    Assent,
    AssentAnswer,
    Child,
    ConsentDocument,
    ConsentKind,
    ConsentSignature,
    GuardianLink,
    User,
)
from accounts.selectors import consent_status, current_document
from core.audit.actions import record
from core.notifications.actions import queue


def truncated(ip: str) -> str | None:
    """The address's network only (/24 or /48): evidence of place without a household's address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False).network_address)


def evidence(link: GuardianLink, document: ConsentDocument) -> dict[str, object]:
    """Who signed by which authority, and exactly what they had before their eyes."""
    return {
        "link": link,
        "relation": link.relation,
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
    """One signature of one guardian for one version; a double press gives the same row.

    AnswersNotRight if the comprehension questions are not all answered right; DocumentChanged if
    a newer version was published meanwhile.
    """
    child = get_child_for(actor, child.pk, Verb.CONSENT)
    link = GuardianLink.objects.current().select_for_update().get(child=child, guardian=actor)
    if document.pk != current_document(ConsentKind(document.kind)).pk:
        raise DocumentChanged
    if list(answers) != [question["right"] for question in document.comprehension]:
        raise AnswersNotRight
    signature, created = ConsentSignature.objects.get_or_create(
        document=document,
        child=child,
        signer=actor,
        withdrawn_at=None,
        defaults=evidence(link, document)
        | {"typed_name": typed_name, "answers": list(answers), "ip_truncated": truncated(ip)},
    )
    if created:
        record(actor=actor, action="consent.sign", obj=signature, child_id=child.pk)
        queue(
            actor=actor,
            kind="consent.copy",
            recipient=actor,
            subject=signature,
            dedup_key=f"consent.copy:{signature.pk}",
        )
    return signature


@transaction.atomic
def withdraw_consent(*, actor: User, child: Child) -> ConsentSignature:
    """Takes this guardian's agreement back at once: sockets close, new bookings are refused."""
    child = get_child_for(actor, child.pk, Verb.CONSENT)
    signature = (
        ConsentSignature.objects.select_for_update()
        .filter(child=child, signer=actor, withdrawn_at=None)
        .order_by("-signed_at")
        .first()
    )
    if signature is None:
        raise NothingToWithdraw
    ConsentSignature.objects.filter(child=child, signer=actor, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=actor
    )
    record(actor=actor, action="consent.withdraw", obj=signature, child_id=child.pk)
    tell_sockets(child)
    return signature


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
        for person in people_who_can(Verb.TREAT, child):
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
    """A named person of the care team answers the child's question."""
    child = get_child_for(actor, assent.child_id, Verb.TREAT)
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


def tell_sockets(child: Child) -> None:
    people = people_who_can(Verb.JOIN, child).values_list("pk", flat=True)
    access_revoked(people, child.pk)
