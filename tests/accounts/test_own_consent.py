"""From the age their place names, young people sign; where nobody checked the law, a clinician."""

from datetime import date

import pytest
from django.urls import reverse

from accounts import actions
from accounts.actions.matters import facts_changed
from accounts.consent_standing import forget_rules
from accounts.errors import ConsentFirst, DocumentChanged, NothingToDispute, NothingToSign
from accounts.models import (
    Child,
    ConsentDocument,
    ConsentKind,
    ConsentMatter,
    ConsentRule,
    ConsentSignature,
    Custody,
    Decision,
    ReadingLevel,
    Role,
)
from accounts.selectors import consent_status, current_document
from accounts.tasks import missing_reviews
from core.errors import NotVisible
from core.notifications.models import Notification
from tests.cast import Cast, client_for, right_answers, sign, sign_only, staff


def lives(child: Child, place: str, years: int) -> Child:
    today = child.today
    child.place, child.birth_date = place, date(today.year - years, 1, 1)
    child.keep_adult_at()
    child.save()
    return child


def test_at_16_in_london_the_guardians_signature_does_not_do_any_more(signed: Cast) -> None:
    child, sam = lives(signed.sam_child, "GB", 16), client_for(signed.sam)
    assert not consent_status(child).stands
    assert sam.get("/").context["step"].url == reverse("consent_sign", args=[child.pk])
    asking = sam.get(reverse("assent"))
    assert "Ask my question" in asking.text
    assert 'name="answer"' not in asking.text
    assert sam.post(reverse("assent"), {"question": " "}).status_code == 422
    assert sam.post(reverse("assent"), {"question": "Who sees it?"}).status_code == 302
    assert consent_status(child).open_questions[0].question == "Who sees it?"
    assert not consent_status(child).stands
    assert client_for(signed.maria).get("/").context["step"].title == "Now Sam signs for themselves"
    page = sam.get(reverse("consent_sign", args=[child.pk]))
    assert "old enough to decide this yourself" in page.text
    answers = {f"question_{n}": a for n, a in enumerate(right_answers(current_document()))}
    form = {"typed_name": "Sam Example", **answers}
    assert sam.post(reverse("consent_sign", args=[child.pk]), form).status_code == 302
    own = ConsentSignature.objects.get(signer=signed.sam)
    assert (own.relation, own.link) == ("self", None)
    assert consent_status(child).stands
    actions.withdraw_consent(actor=signed.maria, child=child)
    assert consent_status(child).stands, "a guardian cannot take back what is not theirs"
    assert sam.post(reverse("consent_withdraw", args=[child.pk])).status_code == 302
    assert not consent_status(child).stands


def test_a_child_below_that_age_has_no_page_to_sign(signed: Cast) -> None:
    child = lives(signed.sam_child, "GB", 15)
    for name in ("consent_sign", "consent_withdraw"):
        assert client_for(signed.sam).get(reverse(name, args=[child.pk])).status_code == 404
    with pytest.raises(NotVisible):
        sign_only(signed.sam, child)


def test_where_both_sign_the_guardian_is_first(cast: Cast) -> None:
    child = lives(cast.sam_child, "DE", 14)
    with pytest.raises(ConsentFirst):
        sign_only(cast.sam, child)
    sign_only(cast.maria, child)
    assert not consent_status(child).stands
    sign_only(cast.sam, child)
    assert consent_status(child).stands


def test_a_place_nobody_checked_waits_for_a_clinician(cast: Cast) -> None:
    child = lives(cast.timo_child, "AU", 11)
    lead = staff("lea", "Lea", Role.SAFEGUARDING_LEAD)
    with pytest.raises(NotVisible):
        actions.review_consent(actor=lead, child=child, decision=Decision.GOES_ON, reason="Fine.")
    sign(cast.olga, child)
    matter = ConsentMatter.objects.get()
    assert matter.covers == ["unknown"]
    assert not consent_status(child).stands
    missing = client_for(cast.olga).get(f"/book/{child.pk}/").text
    assert "A clinician looks at it" in missing
    assert "Your agreement" in missing, "she decides alone: nobody else is spoken of"
    with pytest.raises(NothingToDispute):
        actions.dispute_consent(actor=cast.olga, child=child)
    for person in (cast.ben, lead):  # Timo's therapist, and the lead
        assert Notification.objects.filter(recipient_id=person.pk, kind="consent.matter").exists()
    for person in (cast.olga, cast.timo, cast.amara, cast.mo, cast.pat):
        url = reverse("consent_review", args=[child.pk])
        assert client_for(person).get(url).status_code == 404, person
    review = client_for(lead)
    url = reverse("consent_review", args=[child.pk])
    assert "Nobody has checked the law there" in review.get(url).text
    assert review.post(url, {"decision": "goes_on", "reason": ""}).status_code == 422
    assert review.post(url, {"decision": "goes_on", "reason": "Law read."}).status_code == 302
    assert consent_status(child).stands
    assert review.get(url).status_code == 404
    # A court's order is another reason, which that look did not cover.
    Child.objects.filter(pk=child.pk).update(custody=Custody.COURT)
    child.refresh_from_db()
    assert not consent_status(child).stands
    actions.review_consent(
        actor=cast.ben, child=child, decision=Decision.GOES_ON, reason="Order read."
    )
    assert consent_status(child).stands
    actions.review_consent(actor=cast.ben, child=child, decision=Decision.STOPS, reason="Not now.")
    assert not consent_status(child).stands


def test_new_law_or_custody_asks_for_the_review_that_is_missing(signed: Cast) -> None:
    child = signed.sam_child
    assert missing_reviews() == 0
    ConsentRule.objects.filter(place="GB").update(verified_on=None)
    forget_rules()
    try:
        assert not consent_status(child).stands
        assert (missing_reviews(), missing_reviews()) == (1, 0)
        assert ConsentMatter.objects.get().covers == ["unknown"]
        # A matter nobody decided is about the reasons of its day; the decision about today's.
        Child.objects.filter(pk=child.pk).update(custody=Custody.COURT)
        facts_changed(actor=signed.pat, child=child)
        child.refresh_from_db()
        actions.review_consent(
            actor=signed.amara, child=child, decision=Decision.GOES_ON, reason="Order read."
        )
        assert consent_status(child).reviewed
        assert not ConsentMatter.objects.filter(decided_at=None).exists()
    finally:
        forget_rules()


def test_a_place_with_a_text_of_its_own_accepts_no_other(signed: Cast) -> None:
    child, old = signed.sam_child, current_document()
    own = ConsentDocument.objects.create(
        kind=old.kind,
        place="GB",
        version=1,
        title="For the United Kingdom",
        body="Other words.",
        comprehension=old.comprehension,
        sha256="1" * 64,
        published_at=old.published_at,
    )
    assert current_document(place="GB") == own
    assert current_document(place="IE") == old
    assert current_document(place="GB", level=ReadingLevel.TEEN) == own, "the whole one at least"
    assert current_document(place="IE", level=ReadingLevel.TEEN).level == ReadingLevel.TEEN
    assert current_document(place="IE", language="de") == old
    status = consent_status(child)
    assert (status.document, status.signatures, status.assent) == (own, (), None)
    with pytest.raises(DocumentChanged):
        actions.sign_consent(
            actor=signed.maria,
            child=child,
            document=old,
            typed_name="Maria Example",
            answers=right_answers(old),
            ip="192.0.2.7",
        )


def test_a_kind_without_a_text_stands_for_nobody(signed: Cast) -> None:
    status = consent_status(signed.sam_child, ConsentKind.PEER_GROUPS)
    assert status.document is None
    assert not status.stands
    with pytest.raises(NothingToSign):
        current_document(ConsentKind.PEER_GROUPS)


def test_a_professional_may_ask_for_a_guardian_as_well(cast: Cast) -> None:
    child = lives(cast.sam_child, "US-CA", 14)
    sign_only(cast.sam, child)
    assert not consent_status(child).stands
    for decision, stands in (
        (Decision.GOES_ON, True),
        (Decision.WITH_GUARDIAN, False),
    ):
        actions.review_consent(
            actor=cast.amara, child=child, decision=decision, reason="We talked."
        )
        assert consent_status(child).stands == stands
    sign_only(cast.maria, child)
    assert consent_status(child).stands


def test_a_question_before_there_is_a_care_team_goes_to_the_lead(cast: Cast) -> None:
    child = cast.timo_child
    lead = staff("lea", "Lea", Role.SAFEGUARDING_LEAD)
    actions.leave_care_team(actor=cast.ben, child=child)
    sign_only(cast.olga, child)
    asked = actions.answer_assent(
        actor=cast.timo,
        child=child,
        document=current_document(),
        answer="question",
        question="Who are you?",
    )
    url = reverse("assent_reply", args=[asked.pk])
    assert client_for(cast.ben).get(url).status_code == 404
    assert "Has a question" in client_for(lead).get(reverse("consent_matters")).text
    assert client_for(lead).post(url, {"reply": "I am Lea."}).status_code == 302
    assert client_for(lead).get(url).status_code == 404
    assert "Lea answers" in client_for(cast.timo).get(reverse("assent")).text


def test_the_fuller_form_from_12_on(signed: Cast) -> None:
    sam = client_for(signed.sam)
    assert "from anywhere you feel okay" in sam.get(reverse("assent")).text
    lives(signed.sam_child, "GB", 12)
    assert "When your therapist must tell someone" in sam.get(reverse("assent")).text
    assert consent_status(signed.sam_child).stands
