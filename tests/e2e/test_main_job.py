"""The main job on real input: three browsers with cameras, and everything `make demo` starts.

Sign-up, consent, assent, booking, reminder, device check, waiting room, video and sound both ways,
chat over a Redis that is killed, the end, and a note that is signed and locked.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e import people
from tests.e2e.clinic import Clinic, clinic
from tests.e2e.people import Mail, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.timeout(420),
]

GUARDIAN = "nora@family.example"
BERLIN, LONDON = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")
REMINDED_BEFORE = timedelta(minutes=15)
# From opening the hours to the booking; a reminder whose time has passed would not be queued.
TIME_TO_BOOK = timedelta(seconds=40)


@pytest.fixture
def lantern() -> Iterator[Clinic]:
    with clinic() as it:
        yield it


@pytest.fixture
def cast(lantern: Clinic, chromium: Any) -> Iterator[dict[str, Person]]:
    """Guardian and child on a phone, therapist on a desk; the mailbox in a window of its own."""
    sizes = {"guardian": (360, 740), "child": (390, 844), "therapist": (1280, 900)}
    found, contexts = {}, []
    for name, (width, height) in {**sizes, "mail": (800, 600)}.items():
        context = chromium.new_context(
            base_url=lantern.url,
            viewport={"width": width, "height": height},
            permissions=["camera", "microphone"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        found[name] = Person(page)
    yield found
    for context in contexts:
        context.close()
    assert not [error for person in found.values() for error in person.errors]


def next_start() -> datetime:
    """A whole minute; its last reminder is due within the next two minutes."""
    soon = datetime.now(UTC) + TIME_TO_BOOK + REMINDED_BEFORE
    return soon.replace(second=0, microsecond=0) + timedelta(minutes=1)


def test_a_family_books_meets_its_therapist_and_the_note_is_signed(
    lantern: Clinic, cast: dict[str, Person]
) -> None:
    guardian, child, therapist = cast["guardian"], cast["child"], cast["therapist"]
    mail = Mail(cast["mail"].page, GUARDIAN)

    people.sign_up(guardian, mail, GUARDIAN)
    name, secret = people.add_child(guardian)
    people.consent(guardian)
    people.child_signs_in(child, name, secret)
    people.assent(child)

    starts_at = next_start()
    therapist.sign_in("jonas@demo.example")
    here = starts_at.astimezone(BERLIN)
    people.open_hours(therapist, here, here + timedelta(hours=1))
    presses = people.book(guardian, "Jonas", starts_at.astimezone(LONDON))
    assert presses <= 5
    assert "appointment.ics" in mail.wait_for("Appointment booked")

    clock = f"{starts_at.astimezone(LONDON):%H:%M}"
    reminder = mail.wait_for("Appointment today" if same_day(starts_at) else "Appointment tomorrow")
    assert f"at {clock}" in reminder
    for word in ("pain", "therap", "session", "Example", name):
        assert word not in reminder.replace("your clinic", ""), f"“{word}” in a reminder"

    check_and_wait(child)
    therapist.home()
    therapist.press("Open the room")
    therapist.until(socket_state="open", microphone="on")
    people.start_list(therapist)
    assert child.fact("stage") == "waiting"
    admit(therapist, "Robin")
    for one in (child, therapist):
        one.sees_and_hears()
    check_and_wait(guardian)
    admit(therapist, "Nora")
    for one in (guardian, child, therapist):
        one.sees_and_hears(others=2)
    guardian.page.click('[data-control="leave"]')
    for one in (child, therapist):
        one.sees_and_hears()

    child.writes("Hello, it is me")
    therapist.writes("Hello Robin")
    for one in (child, therapist):
        one.has_chat("Hello, it is me", "Hello Robin")
    frames = int(therapist.fact("remote-frames"))
    lantern.restart_redis()
    child.writes("Still there?")
    therapist.has_chat("Hello, it is me", "Hello Robin", "Still there?")
    therapist.writes("Yes")
    child.has_chat("Hello, it is me", "Hello Robin", "Still there?", "Yes")
    assert int(therapist.fact("remote-frames")) > frames, "video went on meanwhile"

    therapist.open_panel("settings")
    therapist.page.click("[data-end-ask]")
    therapist.page.click("[data-end-yes]")
    child.until(stage="ended")
    sign_note(therapist)


def same_day(starts_at: datetime) -> bool:
    return starts_at.astimezone(LONDON).date() == datetime.now(LONDON).date()


def check_and_wait(one: Person) -> None:
    """From the home page by the device check to the waiting room."""
    one.home()
    one.press("Join")
    for step in ("camera", "microphone", "connection"):
        one.page.wait_for_selector(f'[data-step="{step}"][data-state="works"]')
    one.page.click('[data-go="video"]')
    one.until(stage="waiting", socket_state="open", microphone="on")
    one.page.get_by_text("Jonas").first.wait_for()


def admit(therapist: Person, name: str) -> None:
    therapist.open_panel("people")
    therapist.page.click(f'.person-row:has(strong:text-is("{name}")) [data-act="admit"]')


def sign_note(therapist: Person) -> None:
    therapist.page.goto("/sessions/notes/")
    therapist.page.get_by_role("link", name="Robin").click()
    therapist.fill(subjective="Slept better", objective="Calm", assessment="Steady", plan="Pacing")
    therapist.press("Sign and lock")
    therapist.reads("Signed. The note is locked now.")
    therapist.page.reload()
    assert not therapist.page.locator('main [name="subjective"]').count(), "locked: no field left"
    therapist.reads("Slept better")
