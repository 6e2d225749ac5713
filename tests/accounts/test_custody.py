"""Who may decide, and a court's paper: what it is, who opens it, when it counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse

from accounts import actions
from accounts.consent_rules import Reason, Who
from accounts.models import Child, CourtOrder, Custody, CustodyDecision, Decision, Role
from accounts.selectors import consent_status
from core.audit.models import AuditEvent
from core.errors import NotVisible
from tests.cast import Cast, client_for, staff

PDF, JPEG = b"%PDF-1.7 sentinel-paper", b"\xff\xd8\xff\xe0 picture"
PNG = b"\x89PNG\r\n\x1a\n picture"
LARGE = 30 * 1024 * 1024


def send(client: Client, child: Child, content: bytes, name: str = "x.pdf", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type="application/pdf")
    data = {"valid_from": child.today.isoformat(), **fields, "file": file}
    return client.post(reverse("order_add", args=[child.pk]), data)


class Counted:
    """A request's body that tells how much of it was read."""

    def __init__(self, body: bytes, size: int) -> None:
        self.body, self.left, self.taken = body, size, 0

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.taken += size
        start, self.body = self.body[:size], self.body[size:]
        return start.ljust(size, b"x")

    readline = read


def upload(client: Client, url: str, start: bytes, size: int) -> tuple[Any, int]:
    """A form whose last field is a file that begins with `start`; how much of it was read."""
    form = {"valid_from": "2026-01-01", "file": SimpleUploadedFile("order.pdf", start)}
    body = encode_multipart(BOUNDARY, form)
    stream = Counted(body[: body.index(start) + len(start)], size)
    answer = client.request(
        REQUEST_METHOD="POST",
        PATH_INFO=url,
        CONTENT_TYPE=MULTIPART_CONTENT,
        CONTENT_LENGTH=str(size),
        **{"wsgi.input": stream},
    )
    return answer, stream.taken


def test_the_care_team_sets_who_may_decide_with_a_reason_and_nobody_else(signed: Cast) -> None:
    child = signed.sam_child
    for stranger in (signed.maria, signed.dad, signed.sam, *signed.strangers_to_sam):
        with pytest.raises(NotVisible):
            actions.set_custody(actor=stranger, child=child, custody=Custody.BOTH, reason="So.")
    url = reverse("custody_set", args=[child.pk])
    amara = client_for(signed.amara)
    assert amara.post(url, {"custody": "both", "reason": " "}).status_code == 422
    assert consent_status(child).stands
    amara.post(url, {"custody": "both", "reason": "sentinel-phone call"})
    child.refresh_from_db()
    assert child.custody == Custody.BOTH
    assert CustodyDecision.objects.get().reason == "sentinel-phone call"
    assert not consent_status(child).stands  # one signature is not enough any more
    page = client_for(signed.maria).get(reverse("child_people", args=[child.pk])).text
    assert "Both decide together" in page
    assert "sentinel-phone" not in page


def test_an_order_is_what_its_bytes_say_sealed_and_only_for_those_who_may(cast: Cast) -> None:
    child = cast.sam_child
    maria = client_for(cast.maria)
    for content in (PDF, JPEG, PNG):
        assert send(maria, child, content, "holiday.exe").status_code == 302
    assert [o.kind for o in CourtOrder.objects.order_by("uploaded_at")] == [
        "application/pdf",
        "image/jpeg",
        "image/png",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM accounts_courtorder")
        assert not any(b"sentinel" in bytes(row[0]) for row in cursor.fetchall())
    order = CourtOrder.objects.get(kind="application/pdf")
    url = reverse("order_file", args=[child.pk, order.pk])
    for user in (cast.maria, cast.amara, staff("lea", "Lea", Role.SAFEGUARDING_LEAD)):
        answer = client_for(user).get(url)
        assert answer.content == PDF
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
    for user in (cast.dad, cast.sam, *cast.strangers_to_sam):
        assert client_for(user).get(url).status_code == 404
    assert (
        str(order.pk) not in client_for(cast.dad).get(reverse("child_people", args=[child.pk])).text
    )
    other = reverse("order_file", args=[cast.timo_child.pk, order.pk])
    assert maria.get(other).status_code == 404
    assert AuditEvent.objects.filter(action="order.view").count() == 3


def test_another_kind_of_file_or_an_empty_one_is_a_sentence_and_keeps_the_dates(
    cast: Cast,
) -> None:
    maria = client_for(cast.maria)
    for content in (b"<script>alert(1)</script>", b"MZ\x90\x00 program", b"%PD", b" %PDF-1.7"):
        answer = send(maria, cast.sam_child, content)
        assert answer.status_code == 422
        assert "no PDF, JPEG or PNG" in answer.text or "choose a file" in answer.text
        assert cast.sam_child.today.isoformat() in answer.text
    nothing = maria.post(reverse("order_add", args=[cast.sam_child.pk]), {"valid_from": "x"})
    assert nothing.status_code == 422
    backwards = send(maria, cast.sam_child, PDF, valid_until="2001-01-01")
    assert "before the first" in backwards.text
    assert not CourtOrder.objects.exists()
    assert AuditEvent.objects.filter(action="order.refused").exists()


def test_thirty_megabytes_are_refused_before_a_byte_is_read(cast: Cast) -> None:
    url = reverse("order_add", args=[cast.sam_child.pk])
    answer, taken = upload(client_for(cast.maria), url, PDF, LARGE)
    assert (answer.status_code, taken) == (413, 0)
    assert "5 MB" in answer.text
    # strangers and visitors learn nothing about it, and nothing of theirs is read either
    for client in (client_for(cast.olga), Client()):
        answer, taken = upload(client, url, PDF, LARGE)
        assert (answer.status_code in {302, 404}, taken) == (True, 0)
    assert not CourtOrder.objects.exists()


def test_a_wrong_kind_is_refused_by_its_first_piece_and_other_doors_take_no_file(
    cast: Cast,
) -> None:
    url = reverse("order_add", args=[cast.sam_child.pk])
    fits = 5 * 1024 * 1024
    answer, taken = upload(client_for(cast.maria), url, b"MZ program of eight bytes", fits)
    assert answer.status_code == 422
    assert taken < fits / 4
    anywhere = reverse("family_invite", args=[cast.sam_child.pk])
    answer, taken = upload(client_for(cast.maria), anywhere, PDF, LARGE)
    assert answer.status_code == 422
    assert taken < LARGE / 100


def test_the_form_needs_its_token_like_every_other(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_for(cast.maria).cookies
    assert send(strict, cast.sam_child, PDF).status_code == 403
    assert not CourtOrder.objects.exists()


def test_an_order_that_ran_out_counts_no_more_and_asks_for_a_new_look(signed: Cast) -> None:
    child = signed.sam_child
    actions.set_custody(actor=signed.amara, child=child, custody=Custody.COURT, reason="An order.")
    child.refresh_from_db()

    def reasons() -> set[Reason]:
        return {s.reason for s in consent_status(child).needed if s.who == Who.CLINICIAN}

    assert reasons() == {Reason.NO_ORDER}
    order = actions.add_order(
        actor=signed.maria,
        child=child,
        content=PDF,
        valid_from=child.today,
        valid_until=child.today,
    )
    assert reasons() == {Reason.COURT}
    actions.review_consent(
        actor=signed.amara, child=child, decision=Decision.GOES_ON, reason="Read it."
    )
    assert consent_status(child).reviewed
    yesterday = child.today - timedelta(days=1)
    CourtOrder.objects.update(valid_from=yesterday, valid_until=yesterday)
    order.refresh_from_db()
    assert not order.is_in_force
    assert reasons() == {Reason.NO_ORDER}
    assert not consent_status(child).reviewed
    assert (
        "Does not count now"
        in client_for(signed.maria).get(reverse("child_people", args=[child.pk])).text
    )
