"""Papers people keep: a title, headings, paragraphs and tables of two columns, in any script.

DejaVu Sans lies beside this file: fpdf2's own fonts know no letter outside Western Europe, and a
name must not become a question mark. Only the letters used go into a paper.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).parent / "fonts"
FONT = "DejaVu"
MARGIN_MM, LABEL_MM = 18, 48
BODY, SMALL, HEADING, TITLE = 10, 8, 13, 18
BOX = "\u25a1"


class _Sheet(FPDF):
    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(FONT, size=SMALL)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="C")


class Paper:
    """Write from top to bottom, then `content()`."""

    def __init__(self, title: str, *, made_at: datetime) -> None:
        self._pdf = _Sheet(format="A4")
        self._pdf.set_margin(MARGIN_MM)
        self._pdf.set_auto_page_break(auto=True, margin=MARGIN_MM)
        self._pdf.add_font(FONT, fname=FONTS / "DejaVuSans.ttf")
        self._pdf.add_font(FONT, style="B", fname=FONTS / "DejaVuSans-Bold.ttf")
        self._known = frozenset(self._pdf.fonts[FONT.lower()].cmap)  # type: ignore[union-attr]
        self._pdf.set_title(self._drawable(title))
        self._pdf.set_lang("en")
        self._pdf.set_creation_date(made_at)
        self._pdf.add_page()
        self._write(title, size=TITLE, style="B", height=9)

    def heading(self, text: str) -> None:
        self._pdf.ln(4)
        self._write(text, size=HEADING, style="B", height=7)

    def paragraph(self, text: str) -> None:
        self._write(text)
        self._pdf.ln(1.5)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """A label and what it says, line by line; a thin rule below."""
        for label, value in pairs:
            self._pdf.set_font(FONT, style="B", size=BODY)
            self._pdf.multi_cell(
                LABEL_MM, 5, self._drawable(label), new_x=XPos.RIGHT, new_y=YPos.TOP, align="L"
            )
            self._write(value or "–")
        y = self._pdf.get_y() + 1
        self._pdf.set_draw_color(200)
        self._pdf.line(MARGIN_MM, y, self._pdf.w - MARGIN_MM, y)
        self._pdf.set_y(y + 2)

    def content(self) -> bytes:
        return bytes(self._pdf.output())

    def _write(self, text: str, *, size: int = BODY, style: str = "", height: float = 5) -> None:
        self._pdf.set_font(FONT, style=style, size=size)
        self._pdf.multi_cell(
            0, height, self._drawable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L"
        )

    def _drawable(self, text: str) -> str:
        """A box for each sign the font lacks: fpdf2 would name it in the log, a name's letters."""
        return "".join(sign if ord(sign) in self._known or sign in "\n\t" else BOX for sign in text)
