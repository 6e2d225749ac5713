"""axe-core (WCAG 2.2 AA) on every page of every role, on a phone, by day and by night.

The pages are the rows of the table of doors, so a new page is looked at without anybody's thinking
of it; the live room comes on top, with its socket, its camera and its panels.
"""

from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import pytest

from accounts.models import User
from tests.access.house import NOBODY, OWN, PAGES, House, address, may, open_house
from tests.cast import Cast
from tests.sessions_app.steps import appointment_now

pytestmark = pytest.mark.browser

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours glide from day to night, however briefly: what is measured on the way is neither.
RUN = """async what => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame().then(frame);
    await Promise.all(document.getAnimations().map(one => one.finished.catch(() => 0)));
    const found = await axe.run(document, {resultTypes: ["violations"], runOnly: what});
    return found.violations.map(one => `${one.id}: ${one.nodes[0].html} ${one.nodes.length}`);
}"""
# Adults share a voice and their pages: each is looked at once. A child's pages are its own.
ADULTS = ("maria", "amara", "pat")
OPEN = (
    "/", "/help/now/", "/accounts/login/", "/sign-in/child/", "/accounts/signup/",
    "/accounts/password/reset/", "/accounts/confirm-email/", "/invitation/nonsense/",
    "/card/nonsense/", "/nowhere/",
)  # fmt: skip


def complaints(page: Any) -> list[str]:
    """By day everything; by night the colours, which alone have changed."""
    page.emulate_media(color_scheme="light")
    found: list[str] = page.evaluate(RUN, {"type": "tag", "values": STANDARD})
    page.emulate_media(color_scheme="dark")
    by_night = page.evaluate(RUN, {"type": "rule", "values": ["color-contrast"]})
    found += [f"by night {one}" for one in by_night]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("scrolls sideways")
    return [f"{page.url} {one}" for one in found]


@pytest.fixture
def phone(page_for: Callable[..., Any]) -> Callable[[User | None], Any]:
    def of(user: User | None) -> Any:
        page = page_for(user, width=360, height=740, reduced_motion="reduce")
        page.add_init_script(AXE)
        return page

    return of


def look(page: Any, paths: Iterable[str]) -> list[str]:
    found, seen = [], set()
    for path in paths:
        page.goto(path)
        if page.url not in seen:  # some doors lead on to another page of the list
            seen.add(page.url)
            found += complaints(page)
    return found


def pages_of(who: str, house: House) -> list[str]:
    """Every page of a child; of an adult those that no adult before them has opened."""
    others = set(ADULTS[: ADULTS.index(who)]) if who in ADULTS else set()
    # Not the live room: it has a test of its own, with its socket and its camera.
    things = house.things | {"now": house.things["booked"]}
    paths = []
    for name, door in PAGES.items():
        opens_for = may(door, OWN)
        if "GET" in door.verbs and who in opens_for and not opens_for & ({NOBODY} | others):
            paths.append(address(name, things))
    # files, and the chat's answer to the room's own script, are no pages
    paths = [path for path in paths if "/people/order/" not in path]
    return [path for path in paths if not path.endswith((".ics", "/copy/", "/chat/", "/download/"))]


def test_pages_without_sign_in(phone: Callable[..., Any], cast: Cast) -> None:
    found = look(phone(None), OPEN)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["sam", *ADULTS])
def test_every_page_of(phone: Callable[..., Any], signed: Cast, who: str) -> None:
    found = look(phone(getattr(signed, who)), ["/", *pages_of(who, open_house(signed))])
    assert not found, "\n".join(found)


def test_the_live_room_and_its_panels(phone: Callable[..., Any], signed: Cast) -> None:
    at = f"/sessions/{appointment_now(signed).pk}"
    child, therapist = phone(signed.sam), phone(signed.amara)
    child.goto(f"{at}/check/")
    found = complaints(child)
    for page, way in ((child, "wait"), (therapist, "room")):
        page.goto(f"{at}/{way}/")
        page.wait_for_selector('[data-room][data-socket-state="open"]', state="attached")
        found += complaints(page)
    for button in therapist.locator(".room-controls [data-open-panel]:visible").all():
        button.click()
        found += complaints(therapist)
        button.click()
    assert not found, "\n".join(found)
