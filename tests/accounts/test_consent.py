"""A guardian signs with evidence, the child answers for itself, either may take it back."""

from datetime import UTC

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.errors import DocumentChanged
from accounts.models import Assent, ConsentDocument, ConsentSignature
from accounts.selectors import consent_status, current_document
from scheduling import actions as booking
from scheduling.errors import ConsentMissing
from tests.cast import Cast, client_for, right_answers
from tests.scheduling.steps import a_time


def press(client: Client, cast: Cast, *, wrong: bool = False) -> int:
    answers = right_answers(current_document())
    if wrong:
        answers[0] = (answers[0] + 1) % 2
    form = {f"question_{n}": str(answer) for n, answer in enumerate(answers)}
    url = reverse("consent_sign", args=[cast.sam_child.pk])
    return client.post(
        url, {"typed_name": "Maria Example", **form}, REMOTE_ADDR="203.0.113.77"
    ).status_code


def test_a_signature_keeps_the_evidence_and_a_double_press_is_one_row(cast: Cast) -> None:
    client, document = client_for(cast.maria), current_document()
    assert press(client, cast, wrong=True) == 422
    assert not ConsentSignature.objects.exists()
    assert press(client, cast) == press(client, cast) == 302
    row = ConsentSignature.objects.get()
    assert (row.sha256, row.text_shown, row.language) == (document.sha256, document.body, "en")
    assert (row.typed_name, row.relation, row.signer) == ("Maria Example", "parent", cast.maria)
    assert row.answers == right_answers(document)
    assert row.ip_truncated == "203.0.113.0"
    assert row.signed_at.tzinfo == UTC


def test_nobody_else_signs(cast: Cast) -> None:
    for user in (*cast.strangers_to_sam, cast.dad, cast.sam, cast.amara):
        assert press(client_for(user), cast) == 404
    assert not ConsentSignature.objects.exists()


def test_nothing_is_taken_from_the_child_before_the_guardian_signed(cast: Cast) -> None:
    sam = client_for(cast.sam)
    form = {"answer": "question", "question": "Will it hurt?"}
    assert sam.post(reverse("assent"), form).status_code == 422
    assert not Assent.objects.exists()
    press(client_for(cast.maria), cast)
    assert sam.post(reverse("assent"), form).status_code == 302


def test_not_now_and_withdrawal_both_stop_booking_at_once(signed: Cast) -> None:
    sam, maria = client_for(signed.sam), client_for(signed.maria)
    start = a_time(signed)
    sam.post(reverse("assent"), {"answer": "not_now"})
    assert "That is okay" in sam.get("/").text
    for change in (
        lambda: None,
        lambda: (
            sam.post(reverse("assent"), {"answer": "yes"}),
            maria.post(reverse("consent_withdraw", args=[signed.sam_child.pk])),
        ),
    ):
        change()
        assert not consent_status(signed.sam_child).stands
        with pytest.raises(ConsentMissing):
            booking.hold(
                actor=signed.maria,
                child=signed.sam_child,
                therapist=signed.amara_t,
                starts_at=start,
                minutes=50,
            )
    assert ConsentSignature.objects.get().withdrawn_by == signed.maria


def new_version(*, substantive: bool) -> ConsentDocument:
    old = current_document()
    return ConsentDocument.objects.create(
        kind=old.kind,
        version=old.version + 1,
        title=old.title,
        body=old.body + "\n\nOne more thing.",
        comprehension=old.comprehension,
        sha256="0" * 64,
        substantive=substantive,
        published_at=timezone.now(),
    )


def test_a_new_wording_is_signed_again_and_a_corrected_letter_is_not(signed: Cast) -> None:
    new_version(substantive=False)
    assert consent_status(signed.sam_child).stands
    new_version(substantive=True)
    assert not consent_status(signed.sam_child).stands
    with pytest.raises(ConsentMissing):
        booking.hold(
            actor=signed.maria,
            child=signed.sam_child,
            therapist=signed.amara_t,
            starts_at=a_time(signed),
            minutes=50,
        )


def test_a_text_that_was_replaced_while_reading_cannot_be_signed(cast: Cast) -> None:
    old = current_document()
    new_version(substantive=True)
    with pytest.raises(DocumentChanged):
        accounts.sign_consent(
            actor=cast.maria,
            child=cast.sam_child,
            document=old,
            typed_name="Maria Example",
            answers=right_answers(old),
            ip="192.0.2.7",
        )
    assert not ConsentSignature.objects.exists()
