"""Each role's home shows the one next thing first, and nobody else's home."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import GuardianLink, Role, Scope, StaffMembership, User
from sessions_app.actions import room
from tests.cast import Cast, client_for, sign
from tests.queries import asked
from tests.sessions_app.steps import admitted, appointment_now

MOST_QUERIES = 12


def step(client: Client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return str(response.context["step"].title)


def test_a_visitor_sees_the_doors(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert "sign-in/child" in response.text


def test_guardian_is_led_from_consent_to_the_child_to_booking(cast: Cast) -> None:
    client = client_for(cast.maria)
    assert step(client) == "Read and sign for Sam"
    sign(cast.maria, cast.sam_child)
    assert step(client) == "Book a session for Sam"


def test_child_waits_for_the_guardian_then_chooses(cast: Cast) -> None:
    assert step(client_for(cast.sam)) == "Nearly there"
    sign(cast.maria, cast.sam_child)
    assert step(client_for(cast.sam)) == "Nothing to do right now"


def test_a_guardian_without_children_is_asked_to_add_one(cast: Cast) -> None:
    lone = User.objects.create_user("lone", display_name="Lone")
    assert step(client_for(lone)) == "Tell us about your child"


def test_a_session_that_runs_late_stays_on_the_home_of_who_may_join(cast: Cast) -> None:
    sign(cast.maria, cast.sam_child)
    late = appointment_now(cast)
    admitted(cast, cast.sam, late)
    with time_machine.travel(late.ends_at + timedelta(minutes=5)):
        for user in (cast.sam, cast.maria):
            client = client_for(user)
            assert client.get("/").context["step"].url == reverse("session_check", args=[late.pk])
            page = client.get(reverse("appointment", args=[late.pk]))
            assert page.context["page"].join_url
        room.end_for_all(actor=cast.amara, appointment_id=late.pk)
        assert step(client_for(cast.sam)) == "Nothing to do right now"
        page = client_for(cast.sam).get(reverse("appointment", args=[late.pk]))
        assert not page.context["page"].join_url


def test_a_guardian_who_may_only_see_is_sent_to_no_closed_page(cast: Cast) -> None:
    client = client_for(cast.dad)
    assert step(client) == "Nothing waits for you"
    sign(cast.maria, cast.sam_child)
    appointment_now(cast)
    page = client.get("/")
    links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', page.text))
    assert f"/children/{cast.sam_child.pk}/" in links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_who_may_join_is_told_whose_session_starts(cast: Cast) -> None:
    sign(cast.maria, cast.sam_child)
    appointment_now(cast)
    assert step(client_for(cast.maria)) == "Sam’s session is about to start"
    assert step(client_for(cast.dad)) == "You are all set"
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=[Scope.JOIN])
    assert step(client_for(cast.dad)) == "Sam’s session is about to start"


@pytest.mark.parametrize("who", ["maria", "dad", "sam", "amara", "mo", "pat"])
def test_every_role_has_a_home_with_few_queries(cast: Cast, who: str) -> None:
    sign(cast.maria, cast.sam_child)
    client = client_for(getattr(cast, who))
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/")
    assert response.status_code == 200
    assert len(asked(queries)) <= MOST_QUERIES


def test_nobody_opens_a_home_of_a_role_they_do_not_have(cast: Cast) -> None:
    assert client_for(cast.maria).get("/home/therapist/").status_code == 404
    assert client_for(cast.amara).get("/home/therapist/").status_code == 200


def test_only_therapists_have_a_caseload(cast: Cast) -> None:
    assert "Sam" in client_for(cast.amara).get("/caseload/").text
    assert "Sam" not in client_for(cast.ben).get("/caseload/").text
    assert client_for(cast.maria).get("/caseload/").status_code == 404


def test_help_needs_no_sign_in_and_starts_with_the_childs_country(
    cast: Cast, client: Client
) -> None:
    assert "116 111" in client.get("/help/now/").text
    assert client_for(cast.sam).get("/help/now/").context["mine"].code == "GB"


def test_the_manager_of_an_empty_practice_is_asked_for_a_first_therapist(cast: Cast) -> None:
    assert step(client_for(cast.pat)) == "Nothing waits for you"
    StaffMembership.objects.filter(role=Role.THERAPIST).delete()
    assert step(client_for(cast.pat)) == "Invite your first therapist"


def test_a_child_signs_in_with_words_of_its_own(cast: Cast, client: Client) -> None:
    page = client.get("/sign-in/child/").text
    assert "Your secret words" in page
    assert "voice-child" in page
    assert "Forgot your password" not in page
    wrong = client.post("/sign-in/child/", {"login": "sam", "password": "not the words"}).text
    assert "Those two do not fit together." in wrong
    assert 'value="sam"' in wrong
