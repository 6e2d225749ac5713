"""What each person of the main job does in their own browser, by what they see on the page."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telehealth.demo_clinic import PASSWORD

PASSPHRASE = "quiet-harbour-lamp-7"
ROOM = "[data-room]"


@dataclass
class Person:
    """One browser window with its own cookies; `errors` are what its console complained about."""

    page: Any
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def press(self, words: str) -> None:
        """The button or link with these words."""
        name = re.compile(re.escape(words))
        main = self.page.locator("main")
        main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).first.click()

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.fill(f'main [name="{name}"]', value)

    def choose(self, **values: str) -> None:
        for name, value in values.items():
            self.page.select_option(f'main [name="{name}"]', value)

    def reads(self, words: str) -> None:
        self.page.locator("main").get_by_text(words).first.wait_for()

    def home(self) -> None:
        self.page.goto("/")

    def sign_in(self, login: str, password: str = PASSWORD) -> None:
        """Somebody who works here: the password, then the code the demo's page of codes shows."""
        self.page.goto("/accounts/login/")
        self.fill(login=login, password=password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.reads("Type the six digits your app shows")
        codes = self.page.context.new_page()
        codes.goto("/demo/codes/")
        code = codes.inner_text(f"[data-code-of={login.partition('@')[0]}]")
        codes.close()
        self.fill(code=code)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(lambda url: url.endswith("/") and "accounts" not in url)

    # --- the room -----------------------------------------------------------------------------

    def fact(self, name: str) -> str:
        return self.page.get_attribute(ROOM, f"data-{name}") or ""

    def until(self, **facts: str) -> None:
        """Wait until the room's data attributes have these values."""
        attributes = "".join(f'[data-{k.replace("_", "-")}="{v}"]' for k, v in facts.items())
        self.page.wait_for_selector(f"{ROOM}{attributes}", state="attached")

    def sees_and_hears(self, others: int = 1) -> None:
        """Frames of all others are decoded and go on; somebody's sound has a level above 0."""
        self.until(connection_state="connected", peers=str(others))
        frames = int(self.fact("remote-frames"))
        self.page.wait_for_function(
            """frames => { const { remoteFrames, remoteLevel } =
                 document.querySelector("[data-room]").dataset;
               return Number(remoteFrames) > frames + 5 && Number(remoteLevel) > 0; }""",
            arg=frames,
        )

    def open_panel(self, name: str) -> None:
        if self.fact("panel") != name:
            self.page.click(f'.room-controls [data-open-panel="{name}"]')

    def writes(self, text: str) -> None:
        self.open_panel("chat")
        self.page.fill("[data-chat-text]", text)
        self.page.click(".chat-send")

    def chat(self) -> list[str]:
        return self.page.locator(".chat-line .chat-text").all_inner_texts()

    def has_chat(self, *texts: str) -> None:
        """Exactly these lines, in this order, all known to the server."""
        self.page.wait_for_function(
            """texts => { const lines = [...document.querySelectorAll("[data-chat-lines] > li")];
               return JSON.stringify(lines.map(l => l.querySelector(".chat-text").textContent))
                 === JSON.stringify(texts) && lines.every(l => l.dataset.seq > 0); }""",
            arg=list(texts),
        )


def sign_up(guardian: Person, mail: "Mail", email: str) -> None:
    guardian.home()
    guardian.press("New here: create an account")
    guardian.fill(display_name="Nora", email=email, password1=PASSPHRASE)
    guardian.choose(time_zone="Europe/London")
    guardian.press("Create account")
    guardian.reads("Look in your e-mail")
    guardian.page.goto(mail.link_in("Please confirm your e-mail"))
    guardian.press("Yes, confirm")
    guardian.fill(login=email, password=PASSPHRASE)
    guardian.press("Sign in")


def add_child(guardian: Person) -> tuple[str, str]:
    """The child's sign-in name and passphrase, as its card shows them."""
    guardian.press("Add your child")
    guardian.fill(chosen_name="Robin", birth_date="2015-03-04")
    guardian.choose(relation="parent", place="GB", time_zone="Europe/London")
    name, secret = (
        guardian.page.input_value(f"[name={field}]") for field in ("username", "passphrase")
    )
    guardian.press("Add my child")
    guardian.reads(name)
    guardian.reads(secret)
    return name, secret


def consent(guardian: Person) -> None:
    guardian.press("Next: read and sign")
    for words in (
        "Yes, at any time, on one page",
        "Times, and what your child or the therapist shares with you",
        "When someone may be in danger",
    ):
        guardian.page.get_by_label(words).check()
    guardian.fill(typed_name="Nora Example")
    guardian.press("I agree and sign")
    guardian.reads("Your copy is in your inbox")


def child_signs_in(child: Person, name: str, secret: str) -> None:
    child.home()
    child.page.click('main a[href="/sign-in/child/"]')
    child.fill(login=name, password=secret)
    child.page.click("main button[type=submit]")


def assent(child: Person) -> None:
    child.press("Read and choose")
    child.page.locator("[name=answer][value=yes]").check(force=True)
    child.press("That is my answer")
    child.reads("Nothing to do right now")


def open_hours(therapist: Person, first: datetime, last: datetime) -> None:
    """On the therapist's own page and clock: one date's hours, bookable without notice."""
    therapist.page.goto("/hours/")
    for summary, action, values in (
        ("Change the rules", "/hours/rules/", {"notice_hours": "0"}),
        (
            "Change a date",
            "/hours/dates/",
            {
                "override-day": f"{first:%Y-%m-%d}",
                "override-start": f"{first:%H:%M}",
                "override-end": f"{last:%H:%M}",
            },
        ),
    ):
        therapist.page.get_by_text(summary).click()
        form = f'form[action="{action}"]'
        for name, value in values.items():
            therapist.page.fill(f'{form} [name="{name}"]', value)
        with therapist.page.expect_navigation():
            therapist.page.click(f"{form} button[type=submit]")
        therapist.reads("Saved.")


def book(guardian: Person, therapist: str, day: datetime) -> int:
    """From the child's card on the family's page; how many presses the booking itself took."""
    guardian.home()
    guardian.press("Book a session")
    presses = (
        lambda: guardian.press(therapist),
        lambda: guardian.page.click(f'.days a[href*="day={day:%Y-%m-%d}"]'),
        lambda: guardian.page.click("button.time >> nth=0"),
        lambda: guardian.page.get_by_label("The child and an adult from another place").check(),
        lambda: guardian.press("Book"),
    )
    for press in presses:
        press()
    guardian.reads("Booked. We will remind you.")
    return len(presses)


def start_list(therapist: Person) -> None:
    """What the therapist asks at the start of every session."""
    therapist.open_panel("start")
    form = "[data-checklist-form]"
    for name in ("identity_confirmed", "signals_agreed", "backup_plan"):
        therapist.page.check(f"{form} [name={name}]")
    for name, words in (
        ("location", "At home, 1 Example Road"),
        ("callback_number", "020 7946 0001"),
        ("adult_location", "In the kitchen"),
        ("who_can_hear", "Nobody"),
    ):
        therapist.page.fill(f"{form} [name={name}]", words)
    therapist.page.select_option(f"{form} [name=place]", "GB")
    therapist.page.click(f"{form} button[type=submit]")
    therapist.page.wait_for_selector("[data-checklist] .checklist-done", state="attached")


@dataclass
class Mail:
    """The demonstration's mailbox page, looked at as one reader."""

    page: Any
    to: str

    def wait_for(self, subject: str, *, seconds: int = 150) -> str:
        """The text of the newest mail whose subject begins like this."""
        for _ in range(seconds * 2):
            self.page.goto(f"/mailbox/?to={self.to}")
            found = self.page.locator("#mailbox a", has_text=re.compile(f"^{re.escape(subject)}"))
            if found.count():
                found.first.click()
                return str(self.page.inner_text("main"))
            self.page.wait_for_timeout(500)
        raise AssertionError(f"no mail “{subject}” for {self.to}")

    def link_in(self, subject: str) -> str:
        self.wait_for(subject, seconds=30)
        return str(self.page.get_attribute('main a[href^="http"]', "href"))
