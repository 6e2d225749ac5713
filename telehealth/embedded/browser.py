"""Finds Chromium for the browser tests, installs it where it can, else says what to do.

Prints its path and nothing else on standard output.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from telehealth.embedded.environment import Sentence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def starts(path: str) -> bool:
    """Playwright's own download is there but dead where the system lacks its libraries."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


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


def ensure() -> str:
    """The path of a Chromium. Installs Debian's as root, Playwright's own otherwise."""
    if found := installed():
        return found
    print("  Installing Chromium for the browser tests ...", file=sys.stderr, flush=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        wait = ("-o", "DPkg::Lock::Timeout=300", "-qq")
        if _run("apt-get", *wait, "update"):
            _run("apt-get", *wait, "install", "-y", "--no-install-recommends", "chromium")
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
