"""docker/turn.sh starts the relay a clinic needs; with Debian's coturn where there is one."""

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.machine import until
from tests.ops.compose import ROOT, check_words, compose, readme_env
from tests.ports import free_port

SECRET = "a shared secret"
RELAY = compose(readme_env())["services"]["turn"]


def script_in(folder: Path, secret: str) -> str:
    """docker/turn.sh, with its two folders inside `folder`."""
    (folder / "turn_secret").write_text(secret)
    text = (ROOT / "docker" / "turn.sh").read_text()
    return text.replace("/tmp/", f"{folder}/").replace("/run/secrets", str(folder))  # noqa: S108


def shown(folder: Path, *, secret: str = SECRET, **environment: str) -> list[str]:
    """The command line, then the configuration, that coturn would get."""
    (folder / "turnserver").write_text('#!/bin/sh\necho "$*"; cat "$2"\n')
    (folder / "turnserver").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", script_in(folder, secret)],
        env={"PATH": f"{folder}:/usr/bin:/bin"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines() if done.returncode == 0 else [done.stderr.strip()]


def test_its_secret_is_on_no_command_line(tmp_path: Path) -> None:
    command, *lines = shown(tmp_path, secret=f"{SECRET}\n")
    assert command == f"-c {tmp_path}/turnserver.conf"
    assert {"use-auth-secret", f"static-auth-secret={SECRET}"} <= set(lines)
    assert stat.S_IMODE((tmp_path / "turnserver.conf").stat().st_mode) == 0o600
    assert not any(line.startswith(("external-ip", "allowed-peer-ip")) for line in lines)


def test_an_empty_secret_starts_no_relay(tmp_path: Path) -> None:
    assert shown(tmp_path, secret="") == ["secrets/turn_secret is empty"]


def test_it_is_no_way_into_the_clinic(tmp_path: Path) -> None:
    lines = shown(tmp_path)
    denied = {line.partition("=")[2].partition("-")[0] for line in lines if "denied-peer" in line}
    assert {"10.0.0.0", "127.0.0.0", "169.254.0.0", "172.16.0.0", "192.168.0.0"} <= denied
    assert {"::1", "fe80::", "fc00::", "::ffff:0:0"} <= denied
    assert {"no-tcp-relay", "no-multicast-peers", "no-cli"} <= set(lines)


def test_behind_a_router_two_people_on_the_relay_can_meet(tmp_path: Path) -> None:
    lines = shown(tmp_path, TURN_EXTERNAL_IP="203.0.113.5/10.77.0.1")
    assert lines[-2:] == ["external-ip=203.0.113.5/10.77.0.1", "allowed-peer-ip=10.77.0.1"]


if shutil.which("turnserver"):

    @pytest.fixture
    def port(tmp_path: Path) -> Iterator[int]:
        """Where the real coturn listens, healthy by the compose file's own check."""
        port = free_port()
        script = script_in(tmp_path, SECRET).replace("port=3478", f"port={port}")
        (kind, _, check) = check_words(RELAY)
        check = check.replace("-p 3478", f"-p {port}")
        with subprocess.Popen(["sh", "-c", script], stdout=subprocess.DEVNULL) as relay:
            try:
                # It asks for ever where nobody answers; Docker ends it, as `timeout` does here.
                asked = ["timeout", "3", kind, "-c", check]
                assert until(lambda: subprocess.run(asked, check=False).returncode == 0)
                yield port
            finally:
                relay.terminate()

    def uses(port: int, secret: str, peer: str) -> str:
        """What coturn's own client says when it asks to be relayed to `peer`."""
        client = ["timeout", "10", "turnutils_uclient", "-n", "1", "-m", "1", "-u", "sam"]
        done = subprocess.run(
            [*client, "-p", str(port), "-W", secret, "-e", peer, "127.0.0.1"],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def test_the_real_one_refuses_strangers_and_private_targets(port: int) -> None:
        assert "Cannot complete Allocation" in uses(port, "another secret", "198.51.100.7")
        for private in ("169.254.169.254", "10.1.2.3", "127.0.0.1"):
            assert "403 (Forbidden IP)" in uses(port, SECRET, private)
