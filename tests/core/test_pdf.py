"""A paper is a real PDF, its letters are those of the family's name, and no sign breaks it."""

import logging
from datetime import UTC, datetime

import pytest

from core.pdf import BOX, Paper

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def paper() -> Paper:
    return Paper("Łucja’s record", made_at=NOW)


def test_a_paper_with_every_part_is_a_pdf_of_several_pages() -> None:
    made = paper()
    made.heading("Appointments")
    made.paragraph("Two\nlines")
    made.facts([("Чей", "Дом, Straße, Łódź"), ("Nothing", ""), ("Long", "x" * 9000)])
    content = made.content()
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") >= 2
    assert len(content) < 100_000  # only the letters used, not the whole font


@pytest.mark.parametrize("sign", ["\U0001f600", "漢", "\x00", "\u202e", "\ud800", "\x1b"])
def test_a_sign_the_font_lacks_is_a_box_and_never_a_line_in_the_log(
    sign: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = paper()
    assert made._drawable(f"a{sign}b") in {f"a{BOX}b", f"a{sign}b"}
    with caplog.at_level(logging.DEBUG, logger="fpdf"):
        made.paragraph(f"a{sign}b")
        assert made.content().startswith(b"%PDF-")
    assert "missing" not in caplog.text
