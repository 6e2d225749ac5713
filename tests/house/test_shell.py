"""The shell of every page in a real browser: leaving quickly, help, colours, menus, one press."""

from typing import Any

import pytest
from django.template.loader import render_to_string

from tests.sessions_app.steps import appointment_now

pytestmark = pytest.mark.browser

ELSEWHERE = "https://weather.test/"
# The browser scrolls when it has time for it: this is waited for, not measured once.
FOOT_STANDS_ABOVE_THE_BAR = """() =>
    document.querySelector("footer .foot-row").getBoundingClientRect().bottom
    <= document.querySelector(".safety").getBoundingClientRect().top + 1"""


def open_home(page: Any) -> None:
    """A home with two pages behind it, and the outside world answered here."""
    page.route(ELSEWHERE, lambda route: route.fulfill(body="Sunny"))
    page.goto("/help/now/")
    page.goto("/")


@pytest.fixture(autouse=True)
def outside(settings: Any) -> None:
    settings.QUICK_EXIT_URL = ELSEWHERE


def test_quick_exit_leaves_and_back_does_not_return_to_this_page(page_for: Any) -> None:
    page = page_for(width=360, height=740)
    open_home(page)
    page.get_by_role("link", name="Quick exit").click()
    page.wait_for_url(ELSEWHERE)
    page.go_back()
    assert page.url.endswith("/help/now/")


def test_escape_three_times_leaves_and_once_does_not(page_for: Any) -> None:
    page = page_for()
    open_home(page)
    page.keyboard.press("Escape")
    page.wait_for_timeout(2100)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_text("Press Escape once more to leave.").wait_for(state="attached")
    assert not page.url.startswith(ELSEWHERE)
    page.keyboard.press("Escape")
    page.wait_for_url(ELSEWHERE)


@pytest.mark.parametrize("width", [360, 1280])
def test_the_safety_buttons_stand_in_view_on_every_page_and_cover_nothing(
    page_for: Any, width: int
) -> None:
    page = page_for(width=width, height=740)
    places = set()
    for path in ("/", "/help/now/", "/accounts/login/", "/no-such-page/"):
        page.goto(path)
        page.keyboard.press("End")
        if width < 768:
            page.wait_for_function(FOOT_STANDS_ABOVE_THE_BAR)
        for name in ("Quick exit", "Get help now"):
            link = page.get_by_role("link", name=name, exact=True).first
            if width < 768:
                box = link.bounding_box()
                assert box["y"] + box["height"] <= 740
                assert box["height"] >= 44
                places.add((name, round(box["x"]), round(box["y"])))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len(places) in {0, 2}


def test_the_theme_is_kept_on_this_device(page_for: Any) -> None:
    page = page_for(color_scheme="light")
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    by_day = page.evaluate(ground)
    page.get_by_role("button", name="Dark").click()
    by_night = page.evaluate(ground)
    assert by_day != by_night
    page.goto("/help/now/")
    assert page.evaluate(ground) == by_night


def test_dark_needs_no_script(page_for: Any) -> None:
    day = page_for(color_scheme="light", java_script_enabled=False)
    night = page_for(color_scheme="dark", java_script_enabled=False)
    shots = set()
    for page in (day, night):
        page.goto("/help/now/")
        shots.add(page.screenshot())
    assert len(shots) == 2


def test_help_opens_without_a_script(page_for: Any) -> None:
    page = page_for(java_script_enabled=False, width=360, height=740)
    page.goto("/")
    page.get_by_role("link", name="Get help now").click()
    page.get_by_text("Ireland").click()
    assert page.get_by_role("link", name="Call 112").first.is_visible()


def test_without_a_script_the_room_shows_its_forms(page_for: Any, signed: Any) -> None:
    appointment = appointment_now(signed)
    page = page_for(signed.amara, java_script_enabled=False, width=360, height=740)
    page.goto(f"/sessions/{appointment.pk}/room/")
    assert page.get_by_role("button", name="Complete the list").is_visible()
    assert page.get_by_label("Write a message").is_visible()
    assert not page.locator(".room-controls").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_menu_closes_on_escape_and_gives_the_focus_back(page_for: Any, cast: Any) -> None:
    page = page_for(cast.maria)
    page.goto("/")
    summary = page.locator("details.menu > summary")
    summary.click()
    assert page.get_by_role("button", name="Sign out").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Sign out").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_no_page_breaks_the_content_security_policy(page_for: Any, cast: Any) -> None:
    for person in (None, cast.maria, cast.sam, cast.amara):
        page = page_for(person)
        complaints: list[str] = []
        page.on("console", lambda line, into=complaints: into.append(line.text))
        page.on("pageerror", lambda error, into=complaints: into.append(str(error)))
        for path in ("/", "/help/now/") + (() if person else ("/accounts/login/",)):
            page.goto(path)
        assert complaints == []


def test_a_form_is_sent_once_however_often_it_is_pressed(page_for: Any) -> None:
    page = page_for()
    page.goto("/accounts/login/")
    sent = page.evaluate(
        """() => {
            const form = document.querySelector("main form");
            let count = 0;
            document.addEventListener("submit", (event) => {
                if (!event.defaultPrevented) count += 1;
                event.preventDefault();
            });
            form.noValidate = true;
            form.requestSubmit();
            form.requestSubmit();
            form.requestSubmit();
            return count;
        }"""
    )
    assert sent == 1


def test_one_moment_goes_away_by_itself_when_lantern_answers(page_for: Any) -> None:
    page = page_for()
    asked: list[int] = []

    def away_at_first(route: Any) -> None:
        asked.append(503 if len(asked) < 2 else 200)
        if asked[-1] == 200:
            route.continue_()
            return
        away = {"message": "Away.", "retry_after": 1, "path": "/help/now/"}
        route.fulfill(status=503, body=render_to_string("errors/503.html", away))

    page.route("**/help/now/", away_at_first)
    page.goto("/help/now/")
    assert page.get_by_role("heading", level=1).inner_text() == "One moment, please"
    page.get_by_role("heading", level=1, name="Get help now").wait_for()
    assert asked[:3] == [503, 503, 200]


def tab_to(page: Any, wanted: str) -> None:
    """Press Tab until the first of `wanted` has the focus, and see that the focus shows."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.locator(wanted).first.evaluate("element => { element.dataset.wanted = 'yes' }")
    for _press in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.wanted") == "yes":
            break
    assert page.evaluate("document.activeElement.dataset.wanted") == "yes"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize(
    ("who", "next_thing"),
    [
        (None, ".door .btn"),
        ("sam", ""),  # nothing is planned, so there is nothing to press
        ("maria", ".next-step .btn"),
        ("amara", ""),
        ("pat", "main .btn"),
        ("mo", ""),
    ],
)
def test_each_home_fits_a_phone_and_the_keyboard_reaches_the_next_thing(
    page_for: Any, signed: Any, who: str | None, next_thing: str
) -> None:
    page = page_for(getattr(signed, who) if who else None, width=360, height=740)
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("h1").count() == 1
    for name in ("Quick exit", "Get help now"):
        assert page.get_by_role("link", name=name, exact=True).is_visible()
    if next_thing:
        tab_to(page, next_thing)
    assert complaints == []
