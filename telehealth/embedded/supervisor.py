"""Keeps a handful of processes running until told to stop, and leaves none behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from telehealth.embedded import servers
from telehealth.embedded.environment import var_dir
from telehealth.embedded.processes import dies_with_parent

QUICK_DEATH_SECONDS = 10
QUICK_DEATHS_ALLOWED = 5
STOP_SECONDS = 8


@dataclass
class Child:
    """One process of ours and how often it died young."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    quick_deaths: int = 0
    not_before: float = 0

    def start(self, inherited: tuple[int, ...] = ()) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=inherited,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        self.started = time.monotonic()

    def signal_group(self, sign: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, sign)

    def gone(self) -> bool:
        return self.process is None or self.process.poll() is not None


@dataclass
class Supervisor:
    """Keeps `children` and the embedded `servers` (their names) running."""

    children: list[Child]
    servers: list[str]
    say: Callable[[str], None]
    stopping: bool = field(default=False)
    failed: str = ""
    # Open in every child, see `turn.take`.
    inherited: tuple[int, ...] = ()
    our_servers: set[str] = field(default_factory=set)
    server_deaths: int = 0
    servers_started: float = 0

    def start_servers(self) -> list[str]:
        """Start or find them. Those started here end when we do, those found are left alone."""
        started = servers.up(self.servers, with_parent=True)
        self.our_servers.update(started)
        self.servers_started = time.monotonic()
        return started

    def start(self) -> None:
        for child in self.children:
            child.start(self.inherited)

    def watch(self) -> None:
        """Until asked to stop, or until one process will not stay up."""
        while not self.stopping and not self.failed:
            self.look_once()
            time.sleep(0.5)

    def look_once(self) -> None:
        if self.servers and not servers.running(self.servers):
            self._revive_servers()
        for child in self.children:
            if child.gone():
                self._revive(child)

    def _revive_servers(self) -> None:
        young = time.monotonic() - self.servers_started < QUICK_DEATH_SECONDS
        self.server_deaths = self.server_deaths + 1 if young else 1
        if self.server_deaths >= QUICK_DEATHS_ALLOWED:
            self.failed = f"The database does not stay up; {var_dir() / 'servers'} says why."
            return
        time.sleep(0.5 * (self.server_deaths - 1))
        for name in self.start_servers():
            self.say(f"{name} had stopped; it is running again.")

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            # What it left behind (pool processes) must not meet its successor.
            child.signal_group(signal.SIGKILL)
            young = now - child.started < QUICK_DEATH_SECONDS
            child.quick_deaths = child.quick_deaths + 1 if young else 1
            child.process = None
            if child.quick_deaths >= QUICK_DEATHS_ALLOWED:
                self.failed = f"{child.name} does not stay up; {child.log} says why."
                return
            child.not_before = now + 0.5 * 2**child.quick_deaths - 1
            self.say(f"{child.name} had stopped; starting it again.")
        if now >= child.not_before:
            child.start(self.inherited)

    def stop(self) -> None:
        """Ask every group to end, then make it; the servers last."""
        self.stopping = True
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not all(child.gone() for child in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
        servers.down(sorted(self.our_servers))
