"""Who works here shows something they have, before any page with a child's data."""

import json
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import Role, StaffMembership, User
from core.audit.models import AuditEvent
from core.encryption import CannotOpen
from core.models import DataKey
from tests.cast import PASSPHRASE, Cast, client_for, time_passes

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SET_UP = "/accounts/2fa/"
STEP = "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def no_code_was_used() -> None:
    cache.clear()


def code(secret: str = SECRET, *, later: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later)))


def by_password(user: User) -> tuple[Client, str]:
    client = Client()
    form = {"login": user.email, "password": PASSPHRASE}
    return client, client.post("/accounts/login/", form)["Location"]


def test_nobody_who_works_here_opens_a_page_by_a_password_alone(cast: Cast) -> None:
    child = f"/children/{cast.sam_child.pk}/"
    for user in (cast.amara, cast.mo, cast.pat):
        client, home = by_password(user)
        for path in (
            home,
            child,
            "/caseload/",
            "/staff/",
            "/inbox/",
            "/profile/",
            "/no-such-page/",
        ):
            assert client.get(path).get("Location") == SET_UP or path == "/no-such-page/", path
        page = client.get(SET_UP)
        assert "It takes two minutes" in page.text
        assert "<nav" not in page.text, "no way that leads nowhere"
        assert "Sam" not in page.text
        assert client.get("/help/now/").status_code == 200
        assert client.post("/inbox/read/")["Location"] == SET_UP, "no press either"
        assert client.post("/accounts/logout/").status_code == 302
    for user in (cast.maria, cast.dad):
        assert by_password(user)[0].get("/").status_code == 200, "a family is not asked"


def test_an_app_is_set_up_codes_are_kept_and_the_next_sign_in_asks(
    cast: Cast, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    client, _home = by_password(cast.amara)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert "data:image/svg+xml;base64," in page.text
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert "That is not the right code" in wrong.text
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    codes = client.get(done["Location"])
    kept = codes.context["unused_codes"]
    assert len(kept) == 10
    assert all(one in codes.text for one in kept)
    assert not any(one in client.get(done["Location"]).text for one in kept), "shown once"
    assert client.get("/caseload/").status_code == 200, "who has just set it up goes on"
    assert AuditEvent.objects.filter(action="second_factor.add", actor_id=cast.amara.pk).exists()

    again, step = by_password(cast.amara)
    assert step == STEP
    assert again.get("/caseload/")["Location"].startswith("/accounts/login/"), "not in yet"
    assert "That is not the right code" in again.post(STEP, {"code": "000000"}).text
    assert again.post(STEP, {"code": kept[0]})["Location"] == "/"
    assert again.get("/caseload/").status_code == 200
    other, _step = by_password(cast.amara)
    assert "That is not the right code" in other.post(STEP, {"code": kept[0]}).text, "used"
    assert other.post(STEP, {"code": code(secret)})["Location"] == "/"
    shoulder, _step = by_password(cast.amara)
    assert "not the right code" in shoulder.post(STEP, {"code": code(secret)}).text, "seen, used"


def test_a_code_seen_by_somebody_is_worth_nothing_after_half_a_minute_either(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """allauth forgets a used code after 30 seconds; with its tolerance the code lives for 90."""
    TOTP.activate(cast.amara, SECRET)
    at = int(time.time()) // 30 * 30
    seen = format_hotp_value(hotp_value(SECRET, at // 30))
    monkeypatch.setattr(time, "time", lambda: float(at))
    assert by_password(cast.amara)[0].post(STEP, {"code": seen})["Location"] == "/"
    cache.delete(f"allauth.mfa.totp.used?user={cast.amara.pk}&code={seen}")
    monkeypatch.setattr(time, "time", lambda: at + 45.0)
    assert by_password(cast.amara)[0].post(STEP, {"code": seen}).status_code == 200


def test_a_colleague_who_gains_a_role_is_asked_at_once(cast: Cast) -> None:
    client, _home = by_password(cast.maria)
    assert client.get("/").status_code == 200
    StaffMembership.objects.create(user=cast.maria, role=Role.MODERATOR)
    assert client.get("/")["Location"] == SET_UP
    TOTP.activate(cast.maria, SECRET)
    page = client.get(SET_UP)
    assert "show your second step once" in page.text
    assert client.post("/accounts/2fa/reauthenticate/", {"code": code()}).status_code == 302
    assert client.get("/").status_code == 200


def test_no_secret_lies_in_the_database_and_a_new_key_wraps_them_all(
    cast: Cast, settings: Any
) -> None:
    client = client_for(cast.amara)
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator ORDER BY type")
        stored = [row[0] for row in cursor.fetchall()]
    assert len(stored) == 2
    assert not any(secret in one for one in stored)
    assert all(len(json.loads(one).get("seed", "x" * 99)) > 80 for one in stored)
    assert "mfa.totp.secret" not in client.session, "nor in the sign-in"
    totp = Authenticator.objects.get(type="totp")
    settings.FIELD_KEYS = "new:" + "B" * 43 + "=," + settings.FIELD_KEYS
    call_command("rewrap_keys", stdout=StringIO())
    settings.FIELD_KEYS = settings.FIELD_KEYS.partition(",")[0]
    assert not DataKey.objects.exclude(wrapping_key_id="new").exists()
    assert Authenticator.objects.get(pk=totp.pk).wrap().validate_code(code(secret))
    totp.data = {"secret": "not-sealed"}
    with pytest.raises(CannotOpen):
        totp.wrap().validate_code(code(secret))


def test_who_works_here_cannot_go_back_to_a_password_alone(cast: Cast) -> None:
    TOTP.activate(cast.amara, SECRET)
    client = client_for(cast.amara)
    for answer in (
        client.get("/accounts/2fa/totp/deactivate/"),
        client.post("/accounts/2fa/totp/deactivate/"),
    ):
        assert "Add another one before you remove this" in answer.text
    key = Authenticator.objects.create(
        user=cast.amara, type="webauthn", data={"name": "Key", "credential": {}}
    )
    Authenticator.objects.filter(type="totp").delete()
    gone = client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/", follow=True)
    assert "Add another one before you remove this" in gone.text
    assert Authenticator.objects.filter(pk=key.pk).exists()
    TOTP.activate(cast.amara, SECRET)
    assert client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 302
    assert not Authenticator.objects.filter(pk=key.pk).exists()
    assert AuditEvent.objects.filter(action="second_factor.remove").count() == 1
    theirs = client_for(cast.ben).post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")
    assert theirs.status_code == 404


def test_a_guardian_may_have_one_and_leave_it_a_child_never_gets_one(cast: Cast) -> None:
    TOTP.activate(cast.maria, SECRET)
    assert by_password(cast.maria)[1] == STEP
    assert client_for(cast.maria).post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert by_password(cast.maria)[1] == "/"
    for path in ("", "totp/activate/", "webauthn/add/", "webauthn/", "recovery-codes/generate/"):
        assert client_for(cast.sam).get(SET_UP + path).status_code == 404, path
    assert SET_UP not in client_for(cast.sam).get("/profile/").text


def test_guessing_codes_is_stopped(cast: Cast, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "1000/m/ip,3/5m/key"}
    TOTP.activate(cast.amara, SECRET)
    client, _step = by_password(cast.amara)
    for _ in range(3):
        assert "not the right code" in client.post(STEP, {"code": "000000"}).text
    assert client.post(STEP, {"code": code()}).status_code == 200, "the right one is too late"


def test_the_demos_codes_exist_in_the_demo_only(cast: Cast, settings: Any) -> None:
    assert Client().get("/demo/codes/").status_code == 404
    settings.DEMO = True
    page = Client().get("/demo/codes/")
    assert 'data-code-of="amara"' in page.text


def test_what_is_dangerous_asks_again_and_keeps_nothing_typed_on_the_way(cast: Cast) -> None:
    card = f"/children/{cast.sam_child.pk}"
    boss = StaffMembership.objects.get(user=cast.mo)
    doors = [
        (cast.pat, "/staff/invite/", {"email": "x@example.org", "role": "moderator"}),
        (cast.pat, f"/staff/{boss.pk}/end/", {}),
        (cast.maria, f"{card}/passphrase/", {"passphrase": "sentinel-words-here-1"}),
        (cast.maria, f"{card}/scan-card/make/", {}),
        (cast.maria, "/accounts/email/", {"email": "sentinel@example.org", "action_add": ""}),
    ]
    for user, path, form in doors:
        client = client_for(user)
        asks = f"/accounts/reauthenticate/?next={path.replace('/', '%2F')}"
        time_passes(client, minutes=11)
        if not path.endswith("make/"):
            assert client.get(path)["Location"] == asks, path
        time_passes(client, minutes=31)
        sent = client.post(path, form, headers={"Referer": f"http://testserver{path}"})
        assert sent["Location"] == asks, path
        assert "sentinel" not in str(dict(client.session)), "typed words are not kept"
        assert "x@example.org" not in str(dict(client.session))
        wrong = client.post("/accounts/reauthenticate/", {"password": "no", "next": path})
        assert wrong.status_code == 200
        right = client.post("/accounts/reauthenticate/", {"password": PASSPHRASE, "next": path})
        assert right["Location"] == path
        if not path.endswith("make/"):
            assert client.get(path).status_code == 200, path
        assert client.post(path, form).status_code in {200, 302}
    elsewhere = client_for(cast.maria)
    time_passes(elsewhere, minutes=50)
    lie = {"Referer": "https://evil.example/children/"}
    assert elsewhere.post(doors[2][1], {}, headers=lie)["Location"].endswith("next=%2F")
    everyday = client_for(cast.maria)
    time_passes(everyday, hours=3)
    for path in ("/", f"{card}/", f"{card}/scan-card/", f"{card}/consent/withdraw/", "/profile/"):
        assert everyday.get(path).status_code == 200, path


def test_who_lost_everything_starts_anew_by_the_servers_command_line(cast: Cast) -> None:
    TOTP.activate(cast.amara, SECRET)
    open_page, _step = by_password(cast.amara)
    open_page.post(STEP, {"code": code()})
    assert open_page.get("/caseload/").status_code == 200
    call_command("reset_second_factor", "--email", cast.amara.email.upper(), stdout=StringIO())
    assert open_page.get("/caseload/")["Location"].startswith("/accounts/login/")
    again, home = by_password(cast.amara)
    assert again.get(home)["Location"] == SET_UP
    assert AuditEvent.objects.filter(action="second_factor.reset").count() == 1
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "--email", "nobody@example.org")
