"""How a call holds: lost paths, other devices, weak connections, four people, nobody alone.

What a network does is played in the page: its connections are the browser's own, and what they
report can be bent (`window.state`, `window.lossy`); the seconds of the page's watch are ours.
"""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import GuardianLink, Scope
from scheduling.models import Appointment
from tests.cast import Cast
from tests.sessions_app.steps import listed
from tests.sessions_app.windows import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

BENDABLE = """
  window.calls = [];
  window.described = 0;
  window.seconds = [];
  window.ahead = 0;
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...settings) { super(...settings); window.calls.push(this); }
    get isUp() { return super.connectionState === "connected"; }
    get connectionState() { return window.state || super.connectionState; }
    setLocalDescription(...what) {
      window.described += 1;
      return super.setLocalDescription(...what);
    }
    async getStats() {
      const reports = await super.getStats();
      if (!window.lossy) return reports;
      const bent = new Map(reports);
      for (const [id, report] of bent) {
        if (report.type !== "inbound-rtp") continue;
        window.lossy += 1000;
        bent.set(id, { ...report, packetsLost: window.lossy });
      }
      return bent;
    }
  };
  const every = window.setInterval;
  window.setInterval = (work, ms, ...rest) => {
    if (ms === 1000) window.seconds.push(work);
    return every(work, ms, ...rest);
  };
  const now = Date.now;
  Date.now = () => now() + window.ahead;
"""
A_SECOND = "async () => { for (const look of window.seconds) await look(); }"
LIVE_CALL = "calls.find((one) => one.isUp)"


@pytest.fixture
def bent(window: Callable[..., Window], signed: Cast) -> tuple[Window, Window]:
    """Amara and Sam in the room, with connections that can be bent."""
    therapist, child = window(signed.amara), window(signed.sam, width=360, height=740)
    for one in (therapist, child):
        one.page.add_init_script(BENDABLE)
    therapist.go("room").ready()
    child.go("wait").ready()
    listed(signed, Appointment.objects.get())
    therapist.act("admit", "Sam")
    for one in (therapist, child):
        one.sees_and_hears()
    return therapist, child


def test_a_call_holds(bent: tuple[Window, Window]) -> None:
    """One call, as it goes through a bad day."""
    therapist, child = bent
    another_camera_state_and_microphone_negotiate_nothing(therapist, child)
    a_lost_path_is_found_again_by_the_same_connection(therapist, child)
    a_weak_connection_is_shown_and_pictures_given_up_for_sound(therapist, child)
    without_a_server_the_therapists_own_connection_says_who_is_alone(therapist, child)


def another_camera_state_and_microphone_negotiate_nothing(therapist: Window, child: Window) -> None:
    before = [one.page.evaluate("described") for one in (therapist, child)]
    child.page.click('[data-control="camera"]')
    therapist.page.wait_for_selector('.tile[data-camera="false"]')
    child.page.click('[data-control="camera"]')
    therapist.page.wait_for_selector('.tile[data-camera="true"]')
    child.open_panel("settings")
    sent = f"{LIVE_CALL}.getSenders().find((one) => one.track?.kind === 'audio').track"
    old = child.page.evaluate(f"{sent}.getSettings().deviceId")
    other = child.page.eval_on_selector_all(
        '[data-picker="audio"] option', "all => all.map((one) => one.value)"
    )
    chosen = next(device for device in other if device != old)
    child.page.select_option('[data-picker="audio"]', chosen)
    child.page.wait_for_function(f"id => {sent}.getSettings().deviceId === id", arg=chosen)
    therapist.sees_and_hears()
    assert [one.page.evaluate("described") for one in (therapist, child)] == before


def a_lost_path_is_found_again_by_the_same_connection(therapist: Window, child: Window) -> None:
    name = f"{LIVE_CALL}.localDescription.sdp.match(/ice-ufrag:(.*)/)[1]"
    made, old = child.page.evaluate("calls.length"), child.page.evaluate(name)
    child.page.evaluate(
        f"""() => {{
          window.state = "failed";
          {LIVE_CALL}.dispatchEvent(new Event("connectionstatechange"));
        }}"""
    )
    child.until(connection_state="connecting")
    child.page.wait_for_function(f"old => {name} !== old", arg=old)
    child.page.evaluate(
        f"""() => {{
          window.state = "";
          {LIVE_CALL}.dispatchEvent(new Event("connectionstatechange"));
        }}"""
    )
    for one in (child, therapist):
        one.sees_and_hears()
    assert child.page.evaluate("calls.length") == made, "new paths, not a new connection"


def a_weak_connection_is_shown_and_pictures_given_up_for_sound(
    therapist: Window, child: Window
) -> None:
    child.page.evaluate("window.lossy = 1")
    for _ in range(4):
        child.page.evaluate(A_SECOND)
    child.until(quality="poor")
    assert child.page.inner_text("[data-quality-words]") == "Weak connection"
    assert child.fact("camera") == "on", "a bad moment costs no picture"
    for _ in range(9):
        child.page.evaluate(A_SECOND)
    child.until(camera="off", sound_only="true")
    assert child.page.is_visible("[data-sound-note]")
    therapist.page.wait_for_selector('.tile[data-camera="false"]')
    child.page.evaluate("window.lossy = 0")
    child.page.click("[data-picture-again]")
    therapist.page.wait_for_selector('.tile[data-camera="true"]')
    child.until(camera="on")


def without_a_server_the_therapists_own_connection_says_who_is_alone(
    therapist: Window, child: Window
) -> None:
    child.page.context.set_offline(True)
    child.until(socket_state="lost")
    child.page.evaluate("window.ahead += 60_000")
    child.page.evaluate(A_SECOND)
    assert child.fact("stage") == "room", "their picture is here: nobody is alone"
    therapist.page.goto("about:blank")
    child.page.wait_for_function(
        """() => {
             window.ahead += 5_000;
             for (const look of window.seconds) look();
             return document.querySelector("[data-room]").dataset.stage === "paused";
           }"""
    )
    child.until(connection_state="none")


def test_four_people_see_each_other(
    call: tuple[Window, Window], window: Callable[..., Window], signed: Cast
) -> None:
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    everybody: list[Any] = list(call)
    for user in (signed.maria, signed.dad):
        everybody.append(window(user).go("wait").ready())
        for one in everybody:
            one.page.set_default_timeout(100_000)  # twelve pictures on two cores
        call[0].act("admit", user.display_name)
        for one in everybody:
            one.sees_and_hears(people=len(everybody) - 1)
    everybody[2].page.click('[data-control="leave"]')
    for one in (call[0], call[1], everybody[3]):
        one.sees_and_hears(people=2)
