"""The live room as people meet it: real Chromium, fake cameras, the real server.

Numbers are read from the room element's data attributes (see partials/_live.html).
"""

import json
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduling.models import Appointment
from tests.cast import Cast
from tests.ports import free_port
from tests.sessions_app.steps import appointment_now, listed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

ROOM = "[data-room]"
TURNSERVER = shutil.which("turnserver") or "/usr/bin/turnserver"


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


@pytest.fixture
def window(page_for: Callable[..., Any], signed: Cast) -> Iterator[Callable[..., Window]]:
    appointment = appointment_now(signed)
    opened: list[Window] = []

    def open_window(user: Any, **options: Any) -> Window:
        opened.append(Window(page_for(user, **options), appointment))
        return opened[-1]

    yield open_window
    for one in opened:
        assert not [text for text in one.console if text.startswith("ERROR")], one.console
        assert not [text for text in one.console if "candidate:" in text], "addresses in console"


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


@pytest.fixture
def meeting(window: Callable[..., Window], signed: Cast) -> tuple[Window, Window]:
    """Amara and Sam in the room, seeing each other; the start list is not what this is about."""
    therapist = window(signed.amara).go("room")
    child = window(signed.sam, width=360, height=740).go("wait")
    therapist.ready()
    child.ready()
    listed(signed, Appointment.objects.get())
    therapist.act("admit", "Sam")
    for one in (therapist, child):
        one.sees_and_hears()
    return therapist, child


def test_waiting_then_let_in_then_both_see_and_hear(
    window: Callable[..., Window], signed: Cast
) -> None:
    child = window(signed.sam, width=360, height=740).go("wait").ready()
    assert child.fact("stage") == "waiting"
    assert child.page.get_attribute("[data-waiting-status]", "data-state") == "early"
    therapist = window(signed.amara).go("room").ready()
    child.page.wait_for_selector('[data-waiting-status][data-state="known"]')
    therapist.open_panel("people")
    therapist.page.wait_for_selector('[data-act="admit"]:disabled')
    assert therapist.page.is_visible("[data-checklist-hint]"), "nobody before the start list"
    complete_checklist(therapist)
    assert child.fact("stage") == "waiting", "nobody is let in by anything but the therapist"
    therapist.act("admit", "Sam")
    child.until(stage="room").sees_and_hears()
    therapist.sees_and_hears()
    assert not child.page.is_visible("[data-self]"), "a child's own picture is hidden at first"
    child.page.wait_for_url("**/room/")


def test_sent_back_leaving_coming_back_and_the_end(meeting: tuple[Window, Window]) -> None:
    therapist, child = meeting
    therapist.act("send_back", "Sam")
    child.until(stage="waiting", connection_state="none", remote_frames="0")
    assert "nothing wrong" in child.page.inner_text("[data-sent-back]")
    therapist.until(peers="0")

    therapist.act("admit", "Sam")
    child.sees_and_hears()
    child.page.click('[data-control="leave"]')
    child.until(stage="left", connection_state="none")
    therapist.until(peers="0")

    child.page.click('[data-show="left"] [data-come-back]')
    child.until(stage="waiting").ready()
    therapist.act("admit", "Sam")
    therapist.sees_and_hears()
    child.sees_and_hears()

    therapist.open_panel("settings")
    therapist.page.click("[data-end-ask]")
    assert child.fact("stage") == "room", "the end asks first"
    therapist.page.click("[data-end-yes]")
    for one in meeting:
        one.until(stage="ended", connection_state="none")
    assert child.page.evaluate("sessionStorage.getItem('room-choices')") is None


LOSE_THE_FIRST_OFFER = """
  const send = WebSocket.prototype.send;
  let lost = false;
  WebSocket.prototype.send = function (text) {
    if (lost || !text.includes('"description"')) return send.call(this, text);
    lost = true;
  };
"""


def test_an_offer_that_got_lost_is_sent_again(window: Callable[..., Window], signed: Cast) -> None:
    therapist, child = window(signed.amara), window(signed.sam, width=360, height=740)
    for one in (therapist, child):
        one.page.add_init_script(LOSE_THE_FIRST_OFFER)
    therapist.go("room").ready()
    child.go("wait").ready()
    complete_checklist(therapist)
    therapist.act("admit", "Sam")
    for one in (child, therapist):
        one.sees_and_hears()


def test_reload_brings_the_picture_back_and_nobody_is_ever_alone(
    meeting: tuple[Window, Window],
) -> None:
    therapist, child = meeting
    child.page.reload()
    child.until(stage="room").sees_and_hears()
    therapist.sees_and_hears()
    therapist.page.reload()
    therapist.sees_and_hears()
    child.sees_and_hears()

    therapist.page.goto("about:blank")
    child.until(stage="paused", connection_state="none", remote_frames="0")
    therapist.go("room").ready()
    child.until(stage="room").sees_and_hears()


def test_three_people_see_each_other(
    meeting: tuple[Window, Window], window: Callable[..., Window], signed: Cast
) -> None:
    therapist, child = meeting
    guardian = window(signed.maria).go("wait").ready()
    therapist.act("admit", "Maria")
    for one in (guardian, therapist, child):
        one.sees_and_hears(people=2)
    guardian.page.click('[data-control="leave"]')
    for one in (therapist, child):
        one.sees_and_hears(people=1)


def test_in_the_room(meeting: tuple[Window, Window]) -> None:
    """Chat, camera, microphone, a lost socket, sound only: one session as it goes."""
    therapist, child = meeting
    chat_both_ways_in_order(therapist, child)
    camera_off_and_mute_are_seen_by_the_other_and_negotiate_nothing(therapist, child)
    asked_to_mute_the_child_decides(therapist, child)
    video_goes_on_while_the_socket_is_away_and_chat_catches_up(therapist, child)
    sound_only_stops_both_pictures(therapist, child)


def chat_both_ways_in_order(therapist: Window, child: Window) -> None:
    child.write("Hello from Sam")
    child.reads("Hello from Sam")
    therapist.open_panel("chat")
    therapist.write("Hello Sam")
    therapist.reads("Hello Sam")
    child.page.wait_for_selector('.chat-text:text-is("Hello Sam")')
    texts = child.page.locator(".chat-text").all_inner_texts()
    assert texts == ["Hello from Sam", "Hello Sam"]
    assert therapist.fact("last-seq") == "2"
    child.page.click('[data-panels] [data-panel="chat"] [data-close-panel]')


def camera_off_and_mute_are_seen_by_the_other_and_negotiate_nothing(
    therapist: Window, child: Window
) -> None:
    child.page.click('[data-control="camera"]')
    therapist.page.wait_for_selector('.tile[data-camera="false"]')
    child.page.click('[data-control="microphone"]')
    therapist.page.wait_for_selector(".tile [data-tile-muted]:not([hidden])")
    child.page.click('[data-control="camera"]')
    therapist.page.wait_for_selector('.tile[data-camera="true"]')
    frames = int(therapist.fact("remote-frames"))
    therapist.page.wait_for_function(
        "n => Number(document.querySelector('[data-room]').dataset.remoteFrames) > n", arg=frames
    )
    child.page.click('[data-control="microphone"]')
    child.until(microphone="on")


def asked_to_mute_the_child_decides(therapist: Window, child: Window) -> None:
    therapist.act("ask_mute", "Sam")
    child.page.click("[data-mute-no]")
    assert child.fact("microphone") == "on"
    therapist.act("ask_mute", "Sam")
    child.page.click("[data-mute-yes]")
    child.until(microphone="off")
    child.page.click('[data-control="microphone"]')
    child.until(microphone="on")


def video_goes_on_while_the_socket_is_away_and_chat_catches_up(
    therapist: Window, child: Window
) -> None:
    child.page.context.set_offline(True)  # closes sockets; WebRTC between the pages goes on
    child.page.evaluate("window.dispatchEvent(new Event('offline'))")
    child.write("Are you there?")
    child.page.context.set_offline(False)
    child.reads("Are you there?")
    therapist.sees_and_hears()
    therapist.page.wait_for_selector('.chat-text:text-is("Are you there?")', state="attached")


def sound_only_stops_both_pictures(therapist: Window, child: Window) -> None:
    child.open_panel("settings")
    child.page.check('[data-switch="sound"]')
    child.until(camera="off")
    therapist.page.wait_for_selector('.tile[data-camera="false"]')
    # Looked at once a second: for as long as three looks no frame was decoded.
    child.page.wait_for_function(
        """() => {
             const n = document.querySelector("[data-room]").dataset.remoteFrames;
             window.still ??= { n, at: Date.now() };
             if (window.still.n !== n) window.still = { n, at: Date.now() };
             return Date.now() - window.still.at > 2_500;
           }"""
    )


def test_with_blocked_sockets_a_child_waits_is_let_in_and_writes(
    window: Callable[..., Window], signed: Cast, settings: Any
) -> None:
    """As behind a school's proxy: the child's page finds nobody at the socket's address."""
    therapist = window(signed.amara).go("room").ready()
    settings.SOCKET_ORIGIN = f"ws://localhost:{free_port()}"
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": policy | {"connect-src": ["'self'", settings.SOCKET_ORIGIN]}
    }
    child = window(signed.sam, width=360, height=740).go("wait").until(socket_state="blocked")
    listed(signed, Appointment.objects.get())
    therapist.act("admit", "Sam")
    child.until(stage="room", socket_state="blocked")
    child.write("I have no picture")
    therapist.page.wait_for_selector('.chat-text:text-is("I have no picture")', state="attached")
    child.reads("I have no picture")
    therapist.open_panel("chat")
    therapist.write("We can write")
    child.page.wait_for_selector('.chat-text:text-is("We can write")')


def test_by_keyboard_alone(window: Callable[..., Window], signed: Cast) -> None:
    therapist = window(signed.amara).go("room").ready()
    child = window(signed.sam).go("wait").ready()
    complete_checklist(therapist)
    therapist.page.wait_for_selector('[data-act="admit"]:enabled', state="attached")
    press(therapist, '[data-act="admit"]', panel="people")
    child.until(stage="room").sees_and_hears()
    press(child, '[data-control="microphone"]')
    child.until(microphone="off")
    child.page.focus("[data-chat-text]")
    child.page.keyboard.type("typed")
    child.page.keyboard.press("Enter")
    child.reads("typed")


def press(one: Window, selector: str, *, panel: str = "") -> None:
    """Tab to an element and press Enter: fails when the keyboard cannot reach it."""
    if panel:
        press(one, f'.room-controls [data-open-panel="{panel}"]')
    for _ in range(80):
        if one.page.evaluate("s => document.activeElement?.matches(s)", selector):
            one.page.keyboard.press("Enter")
            return
        one.page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by Tab")


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


@pytest.mark.skipif(not Path(TURNSERVER).exists(), reason="Debian's coturn is not installed")
def test_relay_only_through_coturn(
    turn: str, settings: Any, window: Callable[..., Window], signed: Cast
) -> None:
    settings.TURN_URLS = [f"turn:{turn}?transport=udp"]
    settings.TURN_SECRET = TURN_SECRET
    settings.RELAY_ONLY = True
    therapist = window(signed.amara).go("room").ready()
    child = window(signed.sam).go("wait").ready()
    listed(signed, Appointment.objects.get())
    therapist.act("admit", "Sam")
    for one in (child, therapist):
        one.sees_and_hears()
        assert one.fact("path") == "relay"


TURN_SECRET = secrets.token_hex(16)
TURN_FLAGS = [
    "--use-auth-secret",
    "--allow-loopback-peers",
    "--no-cli",
    "--no-tls",
    "--no-dtls",
    "--no-multicast-peers",
]


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[str]:
    """Debian's coturn on loopback with time-limited HMAC credentials; its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "listening-ip": "127.0.0.1",
        "relay-ip": "127.0.0.1",
        "listening-port": port,
        "static-auth-secret": TURN_SECRET,
        "realm": "lantern",
        "pidfile": tmp_path / "turn.pid",
        "db": tmp_path / "turn.db",
        "log-file": tmp_path / "turn.log",
    }
    command = [TURNSERVER, "-n", *TURN_FLAGS, *(f"--{k}={v}" for k, v in options.items())]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_stun(port)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)


def wait_for_stun(port: int) -> None:
    """Until a STUN binding request is answered (RFC 8489: type, length, cookie, 12 bytes)."""
    request = bytes.fromhex("00010000" + "2112a442") + secrets.token_bytes(12)
    deadline = time.monotonic() + 15
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.3)
        while time.monotonic() < deadline:
            probe.sendto(request, ("127.0.0.1", port))
            try:
                if probe.recv(2048)[:2] == b"\x01\x01":
                    return
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.1)
    pytest.fail("coturn is installed but does not answer")


def test_the_childs_room_is_light(window: Callable[..., Window], signed: Cast) -> None:
    """At most 200 kB at first load, with text compressed as whitenoise serves it."""
    import gzip  # noqa: PLC0415

    child = window(signed.sam, width=360, height=740)
    sizes: dict[str, int] = {}

    def count(response: Any) -> None:
        body = response.body() if response.status == 200 else b""
        packed = body if response.url.endswith((".woff2", ".png")) else gzip.compress(body, 9)
        sizes[response.url] = len(packed)

    child.page.on("response", count)
    child.go("wait").ready()
    assert sum(sizes.values()) <= 200_000, json.dumps(sizes, indent=1)
