"""A child asks before saying yes; the therapist finds the question, answers, and it is gone."""

from accounts import actions
from accounts.models import AssentAnswer
from accounts.selectors import consent_status, current_document
from tests.cast import Cast, client_for

ASKED = "Can my cat be there?"


def test_the_therapist_finds_the_question_on_the_childs_page_until_it_is_answered(
    signed: Cast,
) -> None:
    asked = actions.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.QUESTION,
        question=ASKED,
    )
    path = f"/children/{signed.sam_child.pk}/"
    therapist = client_for(signed.amara)
    assert "Sam has a question" in therapist.get(path).text
    assert ASKED in therapist.get(f"/assent/{asked.pk}/reply/").text
    guardian = client_for(signed.maria).get(path)
    assert guardian.status_code == 200
    assert "has a question" not in guardian.text
    therapist.post(f"/assent/{asked.pk}/reply/", {"reply": "Yes, please bring it."})
    assert consent_status(signed.sam_child).open_questions == ()
    assert "has a question" not in therapist.get(path).text
    assert "Yes, please bring it." in client_for(signed.sam).get("/assent/").text
