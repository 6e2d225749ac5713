"""Finds Chromium for the browser tests, installs it where it can, else says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from telehealth.embedded.environment import Sentence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def installed() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _run(*command: str) -> bool:
    return (
        subprocess.run(
            command, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        ).returncode
        == 0
    )


def ensure() -> str:
    """The path of a Chromium. Installs Debian's as root, Playwright's own otherwise."""
    if found := installed():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("  Installing Debian's chromium for the browser tests ...", flush=True)
        if _run("apt-get", "update", "-qq"):
            _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    else:
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    if found := installed():
        return found
    raise Sentence(
        "The browser tests need Chromium: install it (Debian: apt-get install chromium) "
        "or set CHROMIUM to its path."
    )


if __name__ == "__main__":
    print(ensure())
