"""A copy as PDF at once, for the signer alone, made from the row as it was signed."""

import re
import zlib

from django.urls import reverse

from accounts.models import ConsentSignature
from core.audit.models import AuditEvent
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from tests.cast import Cast, client_for


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
    assert answer.content.startswith(b"%PDF-")
    assert len(pages(answer.content)) >= 1
    assert maria.get(url).content == answer.content, "the same row makes the same paper"
    assert AuditEvent.objects.filter(action="consent.copy", actor_id=signed.maria.pk).count() == 2
    for who in (*signed.strangers_to_sam, signed.dad, signed.sam, signed.amara):
        assert client_for(who).get(url).status_code == 404, who


def pages(content: bytes) -> list[bytes]:
    streams = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    opened = [zlib.decompress(stream) for stream in streams if stream[:1] == b"x"]
    return [stream for stream in opened if b" Tf" in stream]
