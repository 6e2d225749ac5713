"""Finds Caddy, the proxy a clinic runs, for the test of docker-compose.yml; fetches Debian's.

Only unpacked, never installed: the package would start a server of its own. Prints its path, or
nothing where there is none.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from telehealth.embedded.environment import var_dir

LEFT_OUT = (
    "  No Caddy here (Debian: apt-get install caddy): "
    "the clinic is tested without its proxy and TLS."
)


def starts(path: str) -> bool:
    try:
        done = subprocess.run([path, "version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _unpacked() -> Path:
    return var_dir() / "caddy" / "usr" / "bin" / "caddy"


def installed() -> str:
    """Its path, or ""."""
    for found in (os.environ.get("CADDY"), shutil.which("caddy"), str(_unpacked())):
        if found and starts(found):
            return found
    return ""


def _apt(*arguments: str, cwd: str) -> bool:
    patience = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=10")
    lock = ("-o", "DPkg::Lock::Timeout=60", "-o", "APT::Sandbox::User=root")
    command = ("apt-get", "-qq", *patience, *lock, *arguments)
    done = subprocess.run(command, check=False, capture_output=True, cwd=cwd)
    return done.returncode == 0


def _fetch() -> None:
    """The lists of packages may be missing or old: then root, and nobody else, can renew them."""
    with tempfile.TemporaryDirectory() as folder:
        got = _apt("download", "caddy", cwd=folder)
        if not got and os.geteuid() == 0 and _apt("update", cwd=folder):
            _apt("download", "caddy", cwd=folder)
        for package in Path(folder).glob("caddy_*.deb"):
            unpack = ["dpkg-deb", "-x", str(package), str(var_dir() / "caddy")]
            subprocess.run(unpack, check=False, capture_output=True)


def ensure() -> str:
    if not installed() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        print("  Fetching Caddy for the test of the clinic ...", file=sys.stderr, flush=True)
        _fetch()
    return installed()


if __name__ == "__main__":
    if found := ensure():
        print(found)
    else:
        print(LEFT_OUT, file=sys.stderr, flush=True)
