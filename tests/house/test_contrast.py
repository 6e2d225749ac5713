"""The colours we chose can be read: body text 7:1 (AAA), what carries meaning 4.5 or 3."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"


def tokens(name: str) -> dict[str, str]:
    return dict(
        re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", (CSS / name).read_text(encoding="utf-8"))
    )


LIGHT = tokens("tokens.css")
THEMES = {"light": LIGHT, "dark": LIGHT | tokens("dark.css")}
GROUNDS = ("paper", "surface", "sunken")
READ = [("ink", ground, 7.0) for ground in GROUNDS]
READ += [("ink-soft", ground, 7.0) for ground in GROUNDS]
READ += [("link", ground, 7.0) for ground in GROUNDS]
READ += [("ink", f"{soft}-soft", 7.0) for soft in ("brand", "glow", "ok", "warn", "danger")]
READ += [
    ("brand-ink", "brand", 4.5),
    ("brand-ink", "brand-hover", 4.5),
    ("danger-fill-ink", "danger-fill", 4.5),
    ("glow-ink", "glow-soft", 4.5),
    ("ok", "ok-soft", 4.5),
    ("warn", "warn-soft", 4.5),
    ("danger", "danger-soft", 4.5),
    ("danger", "paper", 4.5),
    ("danger", "surface", 4.5),
    ("ok", "paper", 4.5),
    ("warn", "paper", 4.5),
    ("ink-soft", "glow-soft", 4.5),
    ("ink-soft", "brand-soft", 4.5),
]
SEEN = [
    (edge, ground, 3.0)
    for edge in ("line-strong", "focus", "brand", "danger-fill")
    for ground in GROUNDS
]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back", "least"), READ + SEEN)
def test_it_can_be_read(theme: str, front: str, back: str, least: float) -> None:
    colours = THEMES[theme]
    assert contrast(colours[front], colours[back]) >= least


def test_night_changes_every_colour_of_day() -> None:
    day_only = set(LIGHT) - set(tokens("dark.css"))
    assert day_only == set()
