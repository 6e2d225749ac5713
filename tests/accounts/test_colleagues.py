"""The practice manager keeps licences and ends somebody's work; nobody else opens these pages."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import actions
from accounts.access import Verb, can
from accounts.errors import LastManager, LicenceOverlaps
from accounts.models import Licence, StaffMembership, User
from core.audit.models import AuditEvent
from core.errors import NotVisible
from scheduling.access import bookable_therapists
from tests.cast import Cast, client_for


def work_of(user: User) -> StaffMembership:
    return StaffMembership.objects.get(user=user)


def bookable_for(cast: Cast) -> list[str]:
    today = timezone.now().date()
    return [str(t) for t in bookable_therapists(cast.sam_child, today, today)]


def licence_for(cast: Cast, **values: Any) -> Licence:
    given = {"place": "IE", "valid_from": timezone.now().date()} | values
    return actions.add_licence(actor=cast.pat, membership_id=work_of(cast.amara).pk, **given)


def test_a_licence_added_on_the_page_lets_families_book_there(cast: Cast) -> None:
    cast.sam_child.place = "IE"
    cast.sam_child.save()
    assert bookable_for(cast) == []
    path = f"/staff/{work_of(cast.amara).pk}/"
    client = client_for(cast.pat)
    assert "Add a licence" in client.get(path).text
    day = f"{timezone.now():%Y-%m-%d}"
    answer = client.post(f"{path}licence/", {"place": "IE", "valid_from": day, "number": " 77 "})
    assert answer.status_code == 302
    assert bookable_for(cast) == ["Amara"]
    assert Licence.objects.get(place="IE").number == "77"
    assert AuditEvent.objects.filter(action="licence.add", actor_id=cast.pat.pk).count() == 1


def test_places_are_said_in_the_words_people_use(cast: Cast) -> None:
    licence_for(cast, place="US-NY")
    staff_page = client_for(cast.pat).get(f"/staff/{work_of(cast.amara).pk}/").text
    for page in (staff_page, client_for(cast.amara).get("/hours/").text):
        assert "United Kingdom</b>" in page
        assert "New York, United States</b>" in page
        assert "US-NY</b>" not in page


def test_what_was_typed_stays_when_the_days_are_the_wrong_way_round(cast: Cast) -> None:
    path = f"/staff/{work_of(cast.amara).pk}/licence/"
    typed = {
        "place": "IE",
        "number": "LN-5",
        "valid_from": "2026-12-02",
        "valid_until": "2026-12-01",
    }
    answer = client_for(cast.pat).post(path, typed)
    assert answer.status_code == 422
    assert "LN-5" in answer.text
    assert "The last day is before the first." in answer.text
    assert not Licence.objects.filter(place="IE").exists()


def test_two_licences_never_cover_the_same_day(cast: Cast) -> None:
    today = timezone.now().date()
    licence_for(cast, valid_until=today + timedelta(days=10))
    for values in ({}, {"valid_from": today + timedelta(days=10)}):
        with pytest.raises(LicenceOverlaps):
            licence_for(cast, **values)
    licence_for(cast, valid_from=today + timedelta(days=11))


def test_an_ended_licence_offers_nothing_from_today_on(cast: Cast) -> None:
    licence = Licence.objects.get(therapist=cast.amara_t, place="GB")
    assert "Amara" in bookable_for(cast)
    client = client_for(cast.pat)
    path = f"/staff/{work_of(cast.amara).pk}/"
    end = re.search(r"/staff/[^\"]+/licence/[^\"]+/end/", client.get(path).text)
    assert end is not None
    for _twice in range(2):
        assert client.post(end[0]).status_code == 302
    assert "Amara" not in bookable_for(cast)
    licence.refresh_from_db()
    assert licence.valid_until == timezone.now().date() - timedelta(days=1)
    assert AuditEvent.objects.filter(action="licence.end").count() == 1
    foreign = f"/staff/{work_of(cast.ben).pk}/licence/{licence.pk}/end/"
    assert client.post(foreign).status_code == 404


def test_who_no_longer_works_here_is_shut_out_with_the_next_request(cast: Cast) -> None:
    path = f"/staff/{work_of(cast.amara).pk}/end/"
    therapist = client_for(cast.amara)
    assert therapist.get("/caseload/").status_code == 200
    manager = client_for(cast.pat)
    assert "no longer works here?" in manager.get(path).text
    assert can(cast.amara, Verb.TREAT, cast.sam_child), "looking at the question ends nothing"
    assert manager.post(path).status_code == 302
    assert not can(cast.amara, Verb.TREAT, cast.sam_child)
    assert therapist.get("/caseload/").status_code == 404
    assert manager.post(path).status_code == 404, "already ended"


def test_the_last_manager_stays(cast: Cast) -> None:
    with pytest.raises(LastManager):
        actions.end_work(actor=cast.pat, membership_id=work_of(cast.pat).pk)
    answer = client_for(cast.pat).post(f"/staff/{work_of(cast.pat).pk}/end/", follow=True)
    assert "Invite another practice manager first" in answer.text


def test_nobody_else_can_open_or_do_any_of_it(cast: Cast) -> None:
    work = work_of(cast.amara)
    licence = Licence.objects.get(therapist=cast.amara_t)
    base = f"/staff/{work.pk}/"
    for user in (cast.maria, cast.sam, cast.amara, cast.ben, cast.mo, cast.olga):
        client = client_for(user)
        for path in (base, f"{base}end/", f"/staff/{uuid4()}/"):
            assert client.get(path).status_code == 404
        for path in (f"{base}licence/", f"{base}licence/{licence.pk}/end/", f"{base}end/"):
            assert client.post(path, {"place": "IE", "valid_from": "2026-01-01"}).status_code == 404
        with pytest.raises(NotVisible):
            actions.end_work(actor=user, membership_id=work.pk)
    work.refresh_from_db()
    assert work.ended_at is None
    assert Licence.objects.count() == 2
