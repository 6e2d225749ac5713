"""Parents who decide together: each signs alone, one is enough to stop it, nobody is told on."""

import pytest
from django.db import InternalError, transaction
from django.urls import reverse

from accounts import actions
from accounts.errors import NothingToDispute
from accounts.models import (
    Child,
    ConsentKind,
    ConsentMatter,
    Custody,
    GuardianLink,
    Role,
    Scope,
    User,
)
from accounts.selectors import consent_status
from core.errors import NotVisible
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage, Notification
from scheduling import actions as booking
from scheduling.errors import ConsentMissing
from tests.cast import Cast, client_for, sign_only, staff
from tests.cast import sign as sign_all
from tests.scheduling.steps import a_time

SECRET = "He drinks and I am afraid of what he does next."


@pytest.fixture
def together(cast: Cast) -> Cast:
    """Maria and Dan decide together for Sam; nobody has signed."""
    Child.objects.filter(pk=cast.sam_child.pk).update(custody=Custody.BOTH)
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=list(Scope.values))
    cast.sam_child.refresh_from_db()
    return cast


def books(cast: Cast) -> bool:
    try:
        with transaction.atomic():
            booking.hold(
                actor=cast.maria,
                child=cast.sam_child,
                therapist=cast.amara_t,
                starts_at=a_time(cast),
                minutes=50,
            )
            transaction.set_rollback(True)
    except ConsentMissing:
        return False
    return True


def told(who: User, kind: str) -> bool:
    return Notification.objects.filter(recipient_id=who.pk, kind=kind).exists()


def test_one_signature_is_not_enough_and_the_other_is_asked(together: Cast) -> None:
    sign_only(together.maria, together.sam_child)
    status = consent_status(together.sam_child)
    assert not status.guardian_signed
    assert told(together.dad, "consent.needed")
    assert not told(together.maria, "consent.needed")
    assert client_for(together.sam).post(reverse("assent"), {"answer": "yes"}).status_code == 422
    assert (
        "One more signature is needed"
        in client_for(together.maria)
        .get(reverse("child_detail", args=[together.sam_child.pk]))
        .text
    )
    sign_only(together.dad, together.sam_child)
    client_for(together.sam).post(reverse("assent"), {"answer": "yes"})
    assert consent_status(together.sam_child).stands
    assert books(together)
    # A second guardian who loses the say is not asked any more; a lone one is not enough.
    GuardianLink.objects.filter(guardian=together.dad).update(scopes=[Scope.SUMMARIES])
    assert not consent_status(together.sam_child).stands


def test_one_withdrawal_stops_it_and_is_a_dispute_until_a_clinician_settles_it(
    together: Cast,
) -> None:
    child = together.sam_child
    for who in (together.maria, together.dad):
        sign_only(who, child)
    client_for(together.sam).post(reverse("assent"), {"answer": "yes"})
    assert books(together)
    dad = client_for(together.dad)
    assert dad.post(reverse("consent_withdraw", args=[child.pk])).status_code == 302
    status = consent_status(child)
    assert status.disputed
    assert not books(together)
    sign_only(together.dad, child)
    assert not books(together), "signing again does not end what a clinician has to hear"
    matter = ConsentMatter.objects.get()
    for who in (together.maria, together.dad, together.sam, together.ben, together.pat):
        with pytest.raises(NotVisible):
            actions.settle_dispute(actor=who, matter=matter, reason="I say so.")
    actions.settle_dispute(actor=together.amara, matter=matter, reason="Spoke with both.")
    assert books(together)
    with pytest.raises(NotVisible):
        actions.settle_dispute(actor=together.amara, matter=matter, reason="Twice.")
    assert told(together.maria, "consent.decided")
    assert told(together.dad, "consent.decided")


def test_neither_guardian_reads_the_others_words_anywhere(together: Cast) -> None:
    child = together.sam_child
    lead = staff("lea", "Lea", Role.SAFEGUARDING_LEAD)
    sign_only(together.dad, child)
    maria = client_for(together.maria)
    url = reverse("consent_dispute", args=[child.pk])
    assert "No other parent or carer" in maria.get(url).text
    assert maria.post(url, {"words": SECRET}).status_code == 302
    assert maria.post(url, {"words": "again"}).status_code == 302
    matter = ConsentMatter.objects.get()
    assert matter.words == SECRET
    deliver_due()
    for who in (together.maria, together.dad, together.sam, together.pat, together.mo):
        client = client_for(who)
        pages = [
            client.get(path).text
            for path in (
                "/",
                reverse("inbox"),
                reverse("child_detail", args=[child.pk]),
                reverse("consent_sign", args=[child.pk]),
                reverse("book", args=[child.pk]),
            )
        ]
        assert not any(SECRET in page or "drinks" in page for page in pages), who
        assert client.get(reverse("consent_settle", args=[matter.pk])).status_code == 404, who
        assert client.get(reverse("consent_matters")).status_code == 404, who
    # Dan's pages say the same as Maria's about it, and name nobody.
    for who in (together.maria, together.dad):
        text = client_for(who).get(reverse("child_detail", args=[child.pk])).text
        assert "speaking with everybody who decides" in text
    for message in InboxMessage.objects.all():
        assert SECRET not in f"{message.title} {message.body}"
    for who in (together.amara, lead):
        assert told(who, "consent.matter")
        client = client_for(who)
        assert "Sam" in client.get(reverse("consent_matters")).text
        assert SECRET in client.get(reverse("consent_settle", args=[matter.pk])).text
    # The lead is a stranger to everything else of this child, and again when it is settled.
    assert client_for(lead).get(reverse("child_detail", args=[child.pk])).status_code == 404
    answer = client_for(lead).post(
        reverse("consent_settle", args=[matter.pk]), {"reason": "Spoke with both."}
    )
    assert answer.status_code == 302
    assert client_for(lead).get(reverse("consent_settle", args=[matter.pk])).status_code == 404
    assert not consent_status(child).disputed


def test_what_was_said_and_decided_stays_so(together: Cast) -> None:
    child = together.sam_child
    matter = actions.dispute_consent(actor=together.dad, child=child, words=SECRET)
    rows = ConsentMatter.objects.filter(pk=matter.pk)
    for change in ({"raised_by": together.maria}, {"kind": ConsentKind.SHARING}):
        with pytest.raises(InternalError), transaction.atomic():
            rows.update(**change)
    actions.settle_dispute(actor=together.amara, matter=matter, reason="Spoke with both.")
    with pytest.raises(InternalError), transaction.atomic():
        rows.update(decision="stops")
    with pytest.raises(InternalError), transaction.atomic():
        rows.delete()


def test_where_one_decides_there_is_nothing_to_dispute(signed: Cast) -> None:
    sign_all(signed.maria, signed.sam_child)
    with pytest.raises(NothingToDispute):
        actions.dispute_consent(actor=signed.maria, child=signed.sam_child, words=SECRET)
    assert consent_status(signed.sam_child).stands
