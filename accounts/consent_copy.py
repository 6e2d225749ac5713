"""The paper a signer keeps. Made from the signature's row each time: nothing else is stored."""

import re

from django.utils.translation import gettext as _

from accounts.models import ConsentSignature
from core.pdf import Paper
from core.timezones import label

EMPHASIS = re.compile(r"\*\*(.+?)\*\*")


def copy_of(signature: ConsentSignature) -> bytes:
    """PDF: the text exactly as it was shown, then who signed, when, and by which right."""
    paper = Paper(signature.document.title, made_at=signature.signed_at)
    for line in signature.text_shown.splitlines():
        plain = EMPHASIS.sub(r"\1", line).strip()
        if plain.startswith("#"):
            paper.heading(plain.lstrip("# "))
        elif plain.startswith("- "):
            paper.paragraph("\u2022 " + plain[2:])
        elif plain:
            paper.paragraph(plain)
    paper.heading(_("Signature"))
    paper.facts(_facts(signature))
    paper.heading(_("Questions and your answers"))
    for question, answer in _answers(signature):
        paper.paragraph(f"{question}\n{answer}")
    return paper.content()


def _facts(signature: ConsentSignature) -> list[tuple[str, str]]:
    facts = [
        (_("For"), signature.child.user.display_name),
        (_("Signed by"), signature.typed_name),
        (_("As"), signature.get_relation_display()),
        (_("When"), label(signature.signed_at, signature.signer.zone)),
        (_("When (UTC)"), f"{signature.signed_at:%Y-%m-%d %H:%M:%S}"),
        (_("How"), _("Name typed after reading and three questions")),
        (_("Version"), f"{signature.document.version} ({signature.language})"),
        (_("SHA-256 of the text"), signature.sha256),
        (_("Network"), signature.ip_truncated or ""),
    ]
    if signature.withdrawn_at is not None:
        facts.append((_("Taken back"), label(signature.withdrawn_at, signature.signer.zone)))
    return facts


def _answers(signature: ConsentSignature) -> list[tuple[str, str]]:
    return [
        (question["question"], question["answers"][given])
        for question, given in zip(
            signature.document.comprehension, signature.answers, strict=False
        )
    ]
