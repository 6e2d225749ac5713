"""In a real browser: an app's codes, a passkey, and a page whose sign-in ends while one types."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone

from tests.cast import PASSPHRASE, build_cast

pytestmark = pytest.mark.browser
PRESENT = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def by_password(page: Any, login: str) -> None:
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSPHRASE)
    press(page, "Sign in")


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def the_time_is_up(seconds: int) -> None:
    Session.objects.update(expire_date=timezone.now() + timedelta(seconds=seconds))


def test_codes_a_passkey_and_words_that_outlive_their_sign_in(
    page_for: Callable[..., Any],
) -> None:
    cache.clear()
    cast = build_cast()
    page = page_for(None, width=360)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": PRESENT | {"automaticPresenceSimulation": True}},
    )

    # The first sign-in leads to the second factor, and nowhere else.
    page.goto("/accounts/login/")
    by_password(page, cast.amara.email)
    page.get_by_text("It takes two minutes").wait_for()
    page.get_by_role("link", name="Use codes from an app").click()
    page.get_by_text("No camera?").click()
    secret = page.inner_text(".secret-long")
    page.fill("[name=code]", code(secret))
    press(page, "Turn on")
    assert page.locator(".codes li").count() == 10
    page.get_by_role("link", name="I have them. Go on").click()
    page.get_by_text("Nothing waits for you").wait_for()

    # A passkey beside it, which then signs in alone.
    page.goto("/accounts/2fa/webauthn/add/")
    press(page, "Make the passkey")
    page.get_by_text("Your passkey works now.").wait_for()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    press(page, "Sign in with a passkey")
    page.get_by_text("Nothing waits for you").wait_for()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    by_password(page, cast.amara.email)
    press(page, "Use my passkey")
    page.get_by_text("Nothing waits for you").wait_for()

    # Two minutes before the end the page asks; a press is enough.
    page.clock.install()
    page.goto("/profile/")
    page.fill("[name=display_name]", "Amara the Great")
    box = page.locator("dialog[data-idle]")
    page.clock.run_for(10 * 60_000)
    assert not box.is_visible(), "there is time"
    the_time_is_up(110)
    page.clock.run_for(4 * 60_000)
    page.get_by_role("heading", name="Are you still there?").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "I am here"
    press(page, "I am here")
    box.wait_for(state="hidden")
    assert Session.objects.latest("expire_date").expire_date > timezone.now() + timedelta(
        minutes=14
    )

    # Too late: the page is covered, and the same person finds the words again.
    the_time_is_up(-1)
    page.clock.run_for(16 * 60_000)
    page.get_by_role("heading", name="You are signed out").wait_for()
    with page.context.expect_page() as opened:
        press(page, "Sign in again")
    again = opened.value
    by_password(again, cast.amara.email)
    again.fill("[name=code]", code(secret))  # the device's keys belong to the first window
    press(again, "Sign in")
    again.get_by_text("Nothing waits for you").wait_for()
    page.clock.run_for(6_000)
    box.wait_for(state="hidden")
    assert page.input_value("[name=display_name]") == "Amara the Great"
    press(page, "Save")
    page.get_by_text("Saved.").wait_for()

    # Somebody else at the same device never sees them.
    page.fill("[name=display_name]", "For Amara only")
    the_time_is_up(-1)
    page.clock.run_for(16 * 60_000)
    page.get_by_role("heading", name="You are signed out").wait_for()
    again.goto("/accounts/login/")
    by_password(again, cast.maria.email)
    again.locator(".next-step").wait_for()
    page.clock.run_for(6_000)
    page.locator(".next-step").wait_for()
    assert "For Amara only" not in page.content()
