"""What was signed and what a child answered stays so, also for a bug or a hand in the database."""

from typing import Any

import pytest
from django.db import InternalError, transaction
from django.utils import timezone

from accounts import actions
from accounts.models import Assent, AssentAnswer, ConsentSignature
from accounts.selectors import current_document
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def refused(rows: Any, **changes: Any) -> bool:
    try:
        with transaction.atomic():
            rows.update(**changes)
    except InternalError:
        return True
    return False


def test_a_signature_can_only_be_taken_back_and_only_once(signed: Cast) -> None:
    rows = ConsentSignature.objects.all()
    assert refused(rows, text_shown="something else")
    assert refused(rows, signer=signed.dad)
    assert refused(rows, signed_at=timezone.now())
    actions.withdraw_consent(actor=signed.maria, child=signed.sam_child)
    assert refused(rows, withdrawn_at=None, withdrawn_by=None)
    assert refused(rows, withdrawn_by=signed.dad)


def test_a_childs_answer_is_never_changed_for_it(signed: Cast) -> None:
    asked = actions.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.QUESTION,
        question="Does it hurt?",
    )
    rows = Assent.objects.filter(pk=asked.pk)
    assert refused(rows, answer=AssentAnswer.YES)
    assert refused(rows, question=None)
    actions.reply_to_question(actor=signed.amara, assent=asked, reply="No.")
    assert rows.get().reply == "No."
