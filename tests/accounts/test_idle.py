"""A sign-in that nobody uses ends; what was typed does not. Roles that change renew it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.models import GuardianLink, Relation, Role, StaffMembership, User
from core.audit.models import AuditEvent
from tests.cast import PASSPHRASE, Cast, client_for

pytestmark = pytest.mark.django_db
AWAY = "Nothing happened for a while"
WORDS = "It hurts less when I draw"


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def row_of(client: Client) -> Session:
    return Session.objects.get(session_key=key_of(client))


def minutes_left(client: Client) -> float:
    return (row_of(client).expire_date - timezone.now()).total_seconds() / 60


def nothing_happens(client: Client, **how_long: float) -> None:
    row = row_of(client)
    row.expire_date -= timedelta(**how_long)
    row.save(update_fields=["expire_date"])


def child_in(name: str) -> Client:
    client = Client()
    client.post("/sign-in/child/", {"login": name, "password": PASSPHRASE})
    return client


def test_each_role_has_its_own_time_and_every_page_starts_it_anew(cast: Cast) -> None:
    StaffMembership.objects.create(user=cast.dad, role=Role.MODERATOR)
    for user, minutes in ((cast.sam, 60), (cast.maria, 30), (cast.amara, 15), (cast.dad, 15)):
        client = client_for(user)
        assert client.get("/profile/").status_code == 200
        assert minutes - 1 < minutes_left(client) <= minutes
        nothing_happens(client, minutes=minutes - 1)
        assert client.get("/sign-in/state/").json()["seconds"] <= 60
        assert minutes_left(client) <= 1, "a script that looks is nobody"
        assert client.post("/sign-in/state/").json()["person"] == str(user.pk)
        assert minutes_left(client) > minutes - 1
        nothing_happens(client, minutes=minutes + 1)
        gone = client.get("/profile/", follow=True)
        assert gone.redirect_chain[0][0] == "/accounts/login/?next=/profile/"
        assert AWAY in gone.text
        assert AuditEvent.objects.filter(action="sign_in.idle", actor_id=user.pk).count() == 1
        assert AWAY not in client.get("/accounts/login/").text, "told once"
    real = child_in("sam")
    assert 59 < minutes_left(real) <= 60, "by the real door too"
    assert not real.cookies["sessionid"]["max-age"], "and it goes with the browser"


def test_nobody_stays_for_longer_than_half_a_day(cast: Cast) -> None:
    client = client_for(cast.maria)
    session = client.session
    session["began"] -= 12 * 3600 - 120
    session.save()
    client.post("/sign-in/state/")
    assert minutes_left(client) <= 2


def test_words_sent_too_late_come_back_and_secrets_do_not(cast: Cast) -> None:
    client = client_for(cast.sam)
    nothing_happens(client, hours=2)
    form = {"answer": "question", "question": WORDS, "passphrase": "my-own-secret-words-1"}
    late = client.post("/assent/", form)
    assert late.status_code == 401
    assert WORDS in late.text
    assert "my-own-secret" not in late.text
    assert not cast.sam_child.assents.exists()
    never = Client().post("/assent/", form)
    assert never.status_code == 302, "somebody who was never in gets the ordinary answer"


def test_a_stranger_s_key_or_a_nonsense_one_tells_nothing(cast: Cast) -> None:
    client = Client()
    client.cookies["sessionid"] = "x" * 32
    assert AWAY not in client.get("/", follow=True).text
    assert client.get("/sign-in/state/").json() == {"person": "", "seconds": 0}


def test_the_live_room_counts_as_being_here(cast: Cast) -> None:
    clients = {name: client_for(getattr(cast, name)) for name in ("sam", "amara", "maria")}
    for client in clients.values():
        nothing_happens(client, minutes=14)
    in_room = {
        3600: [key_of(clients["sam"])],
        900: [key_of(clients["amara"])],
    }
    actions.stay_signed_in(in_room)
    assert minutes_left(clients["sam"]) > 59
    assert minutes_left(clients["amara"]) > 14
    assert minutes_left(clients["maria"]) < 17
    over = client_for(cast.ben)
    nothing_happens(over, hours=1)
    actions.stay_signed_in({900: [key_of(over)]})
    assert minutes_left(over) < 0, "what is over stays over"


def test_one_sees_and_ends_ones_own_sign_ins_and_nobody_elses(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        "accounts.actions.sign_ins.access_revoked", lambda people, _about: told.append(people)
    )
    here, tablet, phone = child_in("sam"), child_in("sam"), child_in("sam")
    rows = {row.session_key: row for row in UserSession.objects.filter(user=cast.sam)}
    page = here.get("/accounts/sessions/")
    assert page.text.count("Sign out there") == 2
    end = f"/sign-ins/{rows[key_of(tablet)].pk}/end/"
    assert client_for(cast.timo).post(end).status_code == 404
    assert tablet.get("/assent/").status_code == 200
    assert here.post(end).status_code == 302
    assert told == [[cast.sam.pk]], "its sockets are told to look"
    assert tablet.get("/assent/").status_code == 302
    assert phone.get("/assent/").status_code == 200
    here.post("/accounts/sessions/")
    assert phone.get("/assent/").status_code == 302
    assert here.get("/assent/").status_code == 200
    actions_seen = AuditEvent.objects.filter(actor_id=cast.sam.pk).values_list("action", flat=True)
    assert {"sign_in.end", "sign_in.end_all"} <= set(actions_seen)


def test_a_new_password_ends_every_other_sign_in(cast: Cast) -> None:
    form = {"login": cast.maria.email, "password": PASSPHRASE}
    here, lost = Client(), Client()
    for client in (here, lost):
        client.post("/accounts/login/", form)
    new = {"oldpassword": "wrong-one-entirely", "password1": "blue-kettle-9-moon"}
    new["password2"] = new["password1"]
    assert here.post("/accounts/password/change/", new).status_code == 200, "asks the old one"
    assert lost.get("/").status_code == 200
    here.post("/accounts/password/change/", new | {"oldpassword": PASSPHRASE})
    assert here.get("/profile/").status_code == 200
    assert lost.get("/profile/").status_code == 302
    assert not Session.objects.filter(session_key=key_of(lost)).exists()


CHANGES: dict[str, Callable[[Cast], Any]] = {
    "a guardian's link ends": lambda cast: actions.end_guardian_link(
        actor=cast.maria, link=GuardianLink.objects.get(guardian=cast.maria)
    ),
    "a guardian is linked": lambda cast: actions.link_guardian(
        actor=cast.olga, child=cast.timo_child, guardian=cast.maria, relation=Relation.FOSTER
    ),
    "somebody starts to work here": lambda cast: StaffMembership.objects.create(
        user=cast.maria, role=Role.MODERATOR
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_roles_renews_the_sign_in(cast: Cast, change: Callable[[Cast], Any]) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": cast.maria.email, "password": PASSPHRASE})
    client.get("/")
    before = key_of(client)
    client.get("/profile/")
    assert key_of(client) == before, "nothing changed yet"
    change(cast)
    thief, late = Client(), Client()
    late.cookies["sessionid"] = thief.cookies["sessionid"] = before
    client.get("/profile/")
    after = key_of(client)
    assert after != before
    assert UserSession.objects.get(user=cast.maria).session_key == after
    late.get("/sign-in/state/")
    assert key_of(late) == after, "a request under way with the old key is led to the new one"
    Session.objects.filter(session_key=before).update(expire_date=timezone.now())
    assert "_auth_user_id" not in thief.session
    assert thief.get("/profile/").status_code == 302
    assert client.get("/accounts/email/").status_code in {200, 302}
    assert not AuditEvent.objects.filter(action="sign_in.idle").exists()


def test_the_end_of_work_renews_it_as_well(cast: Cast) -> None:
    client = client_for(cast.mo)
    before = key_of(client)
    work = StaffMembership.objects.get(user=cast.mo)
    actions.end_work(actor=cast.pat, membership_id=work.pk)
    client.get("/")
    assert key_of(client) != before
    assert User.objects.get(pk=cast.mo.pk).is_active
