"""Makes the README's pictures again: each role's home, from a demo that runs.

`make demo` in one terminal, then `.venv/bin/python tools/pictures.py [http://localhost:8000]`.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "lantern-demo"  # noqa: S105  # printed by every demo
HOMES = {"guardian": "maria", "child": "sam", "therapist": "amara", "manager": "pat"}
STAFF = {"therapist", "manager"}
LARGEST = 80_000  # bytes


def take(browser: Browser, origin: str, role: str, name: str) -> Path:
    context = browser.new_context(
        base_url=origin, viewport={"width": 960, "height": 640}, color_scheme="light"
    )
    page = context.new_page()
    page.goto("/sign-in/child/" if role == "child" else "/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    if role in STAFF:
        codes = context.new_page()
        codes.goto("/demo/codes/")
        code = codes.locator(f"[data-code-of={name}]").inner_text()
        codes.close()
        page.fill("[name=code]", code)
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".next-step").wait_for()
    path = ROOT / "docs" / "pictures" / f"home_{role}.png"
    page.screenshot(path=path, animations="disabled")
    context.close()
    return path


def main() -> int:
    origin = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    (ROOT / "docs" / "pictures").mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium if Path(chromium).exists() else None,
            args=["--no-sandbox", "--disable-gpu"],
        )
        for role, name in HOMES.items():
            path = take(browser, origin, role, name)
            size = path.stat().st_size
            sys.stdout.write(f"{path.relative_to(ROOT)}  {size / 1000:.0f} kB\n")
            if size > LARGEST:
                return 1
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
