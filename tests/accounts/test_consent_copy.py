"""A copy as PDF at once, for the signer alone, made from the row as it was signed."""

import re
import zlib

from django.urls import reverse

from accounts.models import ConsentSignature
from accounts.selectors import current_document
from core.audit.models import AuditEvent
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from tests.cast import Cast, client_for

ESCAPED = {b"\\r": b"\r", b"\\n": b"\n", b"\\(": b"(", b"\\)": b")", b"\\\\": b"\\"}


def words(content: bytes) -> str:
    """What a reader sees: fpdf2 writes glyph numbers, and one table of letters per font."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    opened = [zlib.decompress(s) if s[:1] == b"x" else s for s in streams]
    letters = [
        {int(code, 16): chr(int(sign, 16)) for code, sign in re.findall(rb"<(\w{4})> <(\w{4})>", s)}
        for s in opened
        if b"beginbfchar" in s
    ]
    found, font = [], 0
    for page in (stream for stream in opened if stream.startswith(b"2 J")):
        for number, text in re.findall(
            rb"/F(\d) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", page, re.DOTALL
        ):
            font = int(number) - 1 if number else font
            plain = re.sub(rb"\\.", lambda m: ESCAPED[m[0]], text, flags=re.DOTALL)
            codes = [int.from_bytes(plain[at : at + 2]) for at in range(0, len(plain), 2)]
            found.append("".join(letters[font][code] for code in codes))
    return " ".join(" ".join(found).split())


def test_the_signer_has_a_copy_at_once_and_nobody_else(signed: Cast) -> None:
    signature = ConsentSignature.objects.get()
    url = reverse("consent_copy", args=[signature.pk])
    maria = client_for(signed.maria)
    assert url in maria.get(reverse("child_detail", args=[signed.sam_child.pk])).text
    deliver_due()
    assert InboxMessage.objects.filter(recipient=signed.maria, action_path=url).exists()
    answer = maria.get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="my-copy.pdf"'
    assert maria.get(url).content == answer.content, "the same row makes the same paper"
    assert AuditEvent.objects.filter(action="consent.copy", actor_id=signed.maria.pk).exists()
    paper = words(answer.content)
    for line in current_document().body.replace("**", "").splitlines():
        assert line.strip("#- ") in paper
    for part in ("Maria Example", "Parent", signature.sha256[:40], "192.0.2.0"):
        assert part in paper
    for question in current_document().comprehension:
        assert f"{question['question']} {question['answers'][question['right']]}" in paper
    for who in (*signed.strangers_to_sam, signed.dad, signed.sam, signed.amara):
        assert client_for(who).get(url).status_code == 404, who
