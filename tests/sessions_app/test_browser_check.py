"""The device check: what works, plain help for what does not, and a way on in any case."""

from collections.abc import Callable

import pytest

from tests.cast import Cast
from tests.sessions_app.windows import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_device_check_works_and_leads_to_the_waiting_room(
    window: Callable[..., Window], signed: Cast
) -> None:
    child = window(signed.sam, width=360, height=740).go("check")
    for step in ("camera", "microphone", "connection"):
        child.page.wait_for_selector(f'[data-step="{step}"][data-state="works"]')
    child.page.click("[data-tone]")
    child.page.click("[data-heard-yes]")
    child.page.wait_for_selector('[data-step="speaker"][data-state="works"]')
    child.page.click('[data-go="video"]')
    child.until(stage="waiting").ready()


REFUSALS = {
    "NotAllowedError": "denied",
    "NotFoundError": "missing",
    "NotReadableError": "busy",
    "TypeError": "other",
}


@pytest.mark.parametrize("error", REFUSALS)
def test_each_refusal_has_plain_help_and_a_way_on(
    window: Callable[..., Window], signed: Cast, error: str
) -> None:
    child = window(signed.sam, width=360, height=740)
    child.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => "
        f"Promise.reject(Object.assign(new Error('no'), {{ name: '{error}' }}))"
    )
    child.go("check")
    child.page.wait_for_selector(f'[data-step="camera"][data-refused="{REFUSALS[error]}"]')
    help_shown = child.page.locator('[data-step="camera"] [data-refusal]:visible')
    assert help_shown.count() == 1
    assert help_shown.inner_text().strip()
    child.page.click('[data-go="chat"]')
    child.until(stage="waiting", socket_state="open")


def test_without_permission_the_check_asks_first(
    window: Callable[..., Window], signed: Cast
) -> None:
    child = window(signed.sam, permissions=[]).go("check")
    assert child.page.is_visible("[data-begin]")
    assert child.page.get_attribute('[data-step="camera"]', "data-state") == "idle"
