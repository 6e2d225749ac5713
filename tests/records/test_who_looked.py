"""Who looked at a record: the family reads it in plain words, page by page."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import GuardianLink
from core.audit.actions import record
from core.audit.models import AuditEvent
from core.registry import Part, Reader
from records import access, looked
from records.access import Verb
from tests.cast import Cast, client_for
from tests.records.steps import lead, older
from tests.sessions_app.steps import appointment_now


def page(cast: Cast, who: str, query: str = "") -> str:
    url = reverse("who_looked", args=[cast.sam_child.pk])
    response = client_for(getattr(cast, who)).get(url + query)
    return response.text if response.status_code == 200 else str(response.status_code)


def test_guardian_and_older_child_read_who_as_what_did_what_and_when(signed: Cast) -> None:
    older(signed, 12)
    amara = client_for(signed.amara)
    for _again in range(3):
        amara.get(reverse("child_detail", args=[signed.sam_child.pk]))
    amara.get(reverse("note", args=[appointment_now(signed).pk]))
    client_for(signed.dad).get(reverse("child_detail", args=[signed.sam_child.pk]))
    client_for(signed.sam).get(reverse("child_detail", args=[signed.sam_child.pk]))
    for who in ("maria", "sam"):
        text = page(signed, who)
        assert text.count("Amara, therapist") == 2
        assert "Opened the notes of a session" in text
        assert text.count("Opened the page with name, people and agreement") == 2
        assert "Dan, parent or carer" in text
    assert "Who looked at my record" in page(signed, "sam")
    # to oneself one is "You", and the child's own looking is nobody's matter
    assert ">You<" in page(signed, "dad")
    assert not AuditEvent.objects.filter(actor_id=signed.sam.pk, action__endswith=".view").exists()


def test_nobody_else_reads_it_and_a_child_under_12_does_not(signed: Cast) -> None:
    for who in ("sam", "olga", "timo", "amara", "ben", "mo", "pat"):
        assert page(signed, who) == "404", who
    assert (
        client_for(lead()).get(reverse("who_looked", args=[signed.sam_child.pk])).status_code == 404
    )
    GuardianLink.objects.filter(guardian=signed.dad).update(ended_at=timezone.now())
    assert page(signed, "dad") == "404"


def test_a_question_the_child_asked_leaves_no_line_for_a_guardian(signed: Cast) -> None:
    older(signed, 12)
    record(
        actor=signed.amara,
        action="assent.view",
        obj=signed.sam_child,
        child_id=signed.sam_child.pk,
    )
    assert "Read the question" in page(signed, "sam")
    assert "Read the question" not in page(signed, "maria")


def test_a_topic_kept_from_one_guardian_is_absent_for_that_guardian_alone(signed: Cast) -> None:
    client_for(signed.amara).get(reverse("note", args=[appointment_now(signed).pk]))
    kept = Reader(signed.dad.pk, Part.GUARDIAN, frozenset({"notes"}))
    open_to = Reader(signed.maria.pk, Part.GUARDIAN)
    assert not looked.events(signed.sam_child, kept).filter(action="note.view").exists()
    assert looked.events(signed.sam_child, open_to).filter(action="note.view").exists()


def test_a_long_list_is_paged_newest_first_and_an_old_day_has_its_year(signed: Cast) -> None:
    now = timezone.now()
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor_id=signed.amara.pk,
            roles=["therapist"],
            action="child.view",
            child_id=signed.sam_child.pk,
            at=now - timedelta(days=30 * n),
        )
        for n in range(35)
    )
    first, second = page(signed, "maria"), page(signed, "maria", "?page=2")
    assert (first.count("Amara, therapist"), second.count("Amara, therapist")) == (
        30,
        6,
    )  # one line more: Maria looked
    assert str((now - timedelta(days=30 * 34)).year) in second
    assert "Page 2 of 2" in page(signed, "maria", "?page=999")
    assert "Page 1 of 2" in page(signed, "maria", "?page=x")


@pytest.mark.parametrize("years", [11, 12])
def test_the_links_on_the_childs_page_are_there_exactly_when_they_open(
    signed: Cast, years: int
) -> None:
    child = older(signed, years)
    for who in ("maria", "dad", "sam", "amara"):
        user = getattr(signed, who)
        shown: Client = client_for(user)
        text = shown.get(reverse("child_detail", args=[child.pk])).text
        for name, verb in (("who_looked", Verb.LOOK), ("record_copy", Verb.COPY)):
            url = reverse(name, args=[child.pk])
            assert (url in text) == access.can(user, verb, child), (who, name)
            assert (shown.get(url).status_code == 200) == access.can(user, verb, child), (who, name)
            assert (user in access.people_who_can(verb, child)) == access.can(user, verb, child)
            assert (child in access.visible_children(user, verb)) == access.can(user, verb, child)
