"""With a relay nobody learns an address: through Debian's coturn where there is one."""

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
from tests.sessions_app.steps import listed
from tests.sessions_app.windows import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


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
    command = ["turnserver", "-n", *TURN_FLAGS, *(f"--{k}={v}" for k, v in options.items())]
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


if shutil.which("turnserver"):

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
