"""The live room as people meet it: real Chromium, fake cameras, the real server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scheduling.models import Appointment
from tests.cast import Cast
from tests.ports import free_port
from tests.sessions_app.steps import listed
from tests.sessions_app.windows import Window, complete_checklist

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


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


def test_sent_back_leaving_coming_back_and_the_end(call: tuple[Window, Window]) -> None:
    therapist, child = call
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
    for one in call:
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
    call: tuple[Window, Window],
) -> None:
    therapist, child = call
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


def test_in_the_room(call: tuple[Window, Window]) -> None:
    """Chat, camera, microphone, a lost socket, sound only: one session as it goes."""
    therapist, child = call
    chat_both_ways_in_order(therapist, child)
    camera_off_and_mute_are_seen_by_the_other(therapist, child)
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


def camera_off_and_mute_are_seen_by_the_other(therapist: Window, child: Window) -> None:
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
