"""Staff come in by an invitation that works once, for seven days; only its hash is kept."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, Role, StaffMembership, Therapist, User
from core.audit.models import AuditEvent
from tests.cast import Cast, client_for

TYPED = {
    "display_name": "Rosa",
    "title": "Psychologist",
    "time_zone": "Europe/Madrid",
    "password": "quiet-harbour-lamp-7",
}


def link_from_the_command(role: str = "therapist") -> str:
    out = StringIO()
    call_command("invite_staff", email="Rosa@Example.org", role=role, stdout=out)
    return out.getvalue().strip().removeprefix("http://testserver")


def test_the_command_prints_a_link_that_makes_one_therapist(db: None, client: Client) -> None:
    link = link_from_the_command()
    page = client.get(link)
    assert "Therapist" in page.text
    assert page["Referrer-Policy"] == "no-referrer"
    assert client.post(link, TYPED).status_code == 302
    rosa = User.objects.get(email="rosa@example.org")
    assert rosa.check_password(TYPED["password"])
    assert Therapist.objects.get(user=rosa).title == "Psychologist"
    assert StaffMembership.objects.get(user=rosa).role == Role.THERAPIST
    sign_in = {"login": "rosa@example.org", "password": TYPED["password"]}
    assert client.post("/accounts/login/", sign_in)["Location"] == "/", (
        "the link proved the address"
    )
    assert AuditEvent.objects.filter(action="staff.accept", actor_id=rosa.pk).exists()
    assert client.post(link, TYPED).status_code == 410, "it works once"
    assert User.objects.count() == 1


def test_an_old_or_made_up_link_says_so_and_makes_nobody(db: None, client: Client) -> None:
    link = link_from_the_command()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for address in (link, "/invitation/made-up/"):
        for answer in (client.get(address), client.post(address, TYPED)):
            assert answer.status_code == 410
            assert "This invitation does not work any more." in answer.text
    assert not User.objects.exists()


def test_the_link_itself_is_not_stored(db: None) -> None:
    token = link_from_the_command().strip("/").split("/")[-1]
    row = Invitation.objects.get()
    assert token not in str(vars(row).values())
    assert row.expires_at - timezone.now() <= timedelta(days=7)


def test_the_manager_invites_on_a_page_and_nobody_else_does(cast: Cast) -> None:
    form = {"email": "new@example.org", "role": "moderator"}
    page = client_for(cast.pat).post("/staff/invite/", form)
    assert "/invitation/" in page.text
    for user in (cast.maria, cast.sam, cast.amara, cast.mo):
        assert client_for(user).post("/staff/invite/", form).status_code == 404
    assert Invitation.objects.count() == 1


def test_a_weak_passphrase_keeps_what_was_typed(db: None, client: Client) -> None:
    page = client.post(link_from_the_command(), TYPED | {"password": "short"})
    assert page.status_code == 422
    assert "Psychologist" in page.text
    assert not User.objects.exists()


def test_an_unknown_role_is_refused_by_the_command(db: None) -> None:
    with pytest.raises(CommandError):
        call_command("invite_staff", "--email", "x@example.org", "--role", "god")
