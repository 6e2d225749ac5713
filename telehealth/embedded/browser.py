"""Finds Chromium for the browser tests, installs it where it can, else says what to do.

Prints its path and nothing else on standard output.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from telehealth.embedded.environment import Sentence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def starts(path: str) -> bool:
    """Playwright's own download is there but dead where the system lacks its libraries."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def driver_starts() -> bool:
    """Playwright brings a Node of its own; on a bare Debian a library is missing for it."""
    package = importlib.util.find_spec("playwright")
    places = (package.submodule_search_locations if package else None) or []
    return any(starts(str(Path(place) / "driver" / "node")) for place in places)


def installed() -> str | None:
    return next((path for path in _candidates() if starts(path)), None)


def _candidates() -> Iterator[str]:
    if named := os.environ.get("CHROMIUM"):
        if not starts(named):
            raise Sentence(f"CHROMIUM is {named}, and that does not start.")
        yield named
    for name in NAMES:
        if found := shutil.which(name):
            yield found
    if not driver_starts():
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # slow to import

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def _run(*command: str) -> bool:
    done = subprocess.run(
        command,
        check=False,
        stdout=sys.stderr,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    )
    return done.returncode == 0


def _install(*packages: str) -> None:
    """Debian's, as root; elsewhere the sentence at the end says what is missing."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    wait = ("-o", "DPkg::Lock::Timeout=300", "-qq")
    if _run("apt-get", *wait, "update"):
        _run("apt-get", *wait, "install", "-y", "--no-install-recommends", *packages)


def ensure() -> str:
    """The path of a Chromium. Installs Debian's as root, Playwright's own otherwise."""
    found, driven = installed(), driver_starts()
    if found and driven:
        return found
    print("  Installing what the browser tests need ...", file=sys.stderr, flush=True)
    _install(*[] if found else ["chromium"], *[] if driven else ["libatomic1"])
    if not driver_starts():
        raise Sentence(
            "The browser tests need libatomic.so.1 (Debian: apt-get install libatomic1)."
        )
    if not installed():
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    if found := installed():
        return found
    raise Sentence(
        "The browser tests need Chromium: install it (Debian: apt-get install chromium) "
        "or set CHROMIUM to its path."
    )


if __name__ == "__main__":
    print(ensure())
