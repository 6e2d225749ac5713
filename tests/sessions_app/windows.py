"""People's browser windows in a live session: what a page says of itself, and what one presses.

Numbers are read from the room element's data attributes (see partials/_live.html).
"""

from typing import Any

from scheduling.models import Appointment

ROOM = "[data-room]"


class Window:
    """One person's browser window in the session."""

    def __init__(self, page: Any, appointment: Appointment) -> None:
        self.page = page
        self.at = f"/sessions/{appointment.pk}"
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(f"ERROR {error}"))

    def go(self, name: str) -> "Window":
        self.page.goto(f"{self.at}/{name}/")
        return self

    def fact(self, name: str) -> str:
        return self.page.get_attribute(ROOM, f"data-{name}") or ""

    def until(self, **facts: str) -> "Window":
        """Wait until the room's data attributes have these values."""
        attributes = "".join(f'[data-{k.replace("_", "-")}="{v}"]' for k, v in facts.items())
        self.page.wait_for_selector(f"{ROOM}{attributes}", state="attached")
        return self

    def ready(self) -> "Window":
        return self.until(socket_state="open", microphone="on")

    def sees_and_hears(self, people: int = 1) -> "Window":
        """Frames of everybody are decoded and move; somebody's sound has a level above 0."""
        self.until(connection_state="connected", peers=str(people))
        frames = int(self.fact("remote-frames"))
        self.page.wait_for_function(
            """frames => { const { remoteFrames, remoteLevel } =
                 document.querySelector("[data-room]").dataset;
               return Number(remoteFrames) > frames + 5 && Number(remoteLevel) > 0; }""",
            arg=frames,
        )
        return self

    def open_panel(self, name: str) -> None:
        if self.fact("panel") != name:
            self.page.click(f'.room-controls [data-open-panel="{name}"]')

    def write(self, text: str) -> None:
        self.open_panel("chat")
        self.page.fill("[data-chat-text]", text)
        self.page.click(".chat-send")

    def reads(self, text: str, *, state: str = "delivered") -> None:
        self.page.wait_for_selector(
            f'.chat-line[data-state="{state}"] .chat-text:text-is("{text}")', state="attached"
        )

    def act(self, verb: str, name: str) -> None:
        """The therapist presses one of the buttons beside a person."""
        self.open_panel("people")
        self.page.click(f'.person-row:has(strong:text-is("{name}")) [data-act="{verb}"]')


def complete_checklist(therapist: Window) -> None:
    therapist.open_panel("start")
    form = "[data-checklist-form]"
    page = therapist.page
    for box in page.query_selector_all(f"{form} input[type=checkbox]"):
        box.check()
    for field in page.query_selector_all(f"{form} input[type=text], {form} textarea"):
        if field.get_attribute("name") != "override_reason":
            field.fill("Written in a test")
    for field in page.query_selector_all(f"{form} input[type=tel]"):
        field.fill("020 7946 0001")
    if page.query_selector(f"{form} [name=place]"):
        page.select_option(f"{form} [name=place]", "GB")
    page.click(f"{form} button[type=submit]")
    page.wait_for_selector("[data-checklist] .checklist-done", state="attached")
