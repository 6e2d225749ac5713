"""The whole clinic as `make demo` starts it, on ports and in a state folder of its own."""

import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.house.machine import Machine, machine, until
from tests.ports import free_port

DEMO = "telehealth.embedded.demo"
START_SECONDS = 120


@dataclass
class Clinic:
    url: str
    host: Machine

    def restart_redis(self) -> None:
        """Kill it the hard way; the demo's own supervisor has to bring it back."""
        before = self.host.pids()["valkey"]
        subprocess.run(["kill", "-9", str(before)], check=True)
        assert until(lambda: self.host.pids().get("valkey", before) != before, seconds=30)


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=3):  # noqa: S310
        return True
    return False


@contextmanager
def clinic() -> Iterator[Clinic]:
    with machine() as host:
        port = free_port()
        host.environment = {"PORT": str(port), "SOCKET_PORT": str(free_port())}
        log = host.var / "demo.out"
        with log.open("w") as out:
            process = subprocess.Popen(
                host.command(DEMO),
                cwd=host.root,
                env=host.env(),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        it = Clinic(f"http://localhost:{port}", host)
        try:
            ready = until(
                lambda: process.poll() is not None or _answers(it.url), seconds=START_SECONDS
            )
            assert ready, log.read_text()
            assert process.poll() is None, log.read_text()
            yield it
        finally:
            process.terminate()
            process.wait(timeout=30)
