"""One zip of what a reader may have of a child's record: JSON, CSV, a paper, files."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Child
from core import registry
from core.pdf import Paper
from core.registry import Reader, Sheet
from core.timezones import label, local
from records.words import LEFT_OUT

# A spreadsheet takes what begins like this for a formula, and runs it (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def sheets_for(child: Child, reader: Reader) -> list[Sheet]:
    """What every app holds and this reader may have; empty tables are left out."""
    found = (sheet for holding in registry.holdings() for sheet in holding.export(child.pk, reader))
    return [sheet for sheet in found if sheet.rows or sheet.files]


def pack(child: Child, reader: Reader) -> bytes:
    sheets, now = sheets_for(child, reader), timezone.now()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("read-me.txt", _read_me(child, reader, now))
        archive.writestr("record.json", _json(child, reader, sheets, now))
        archive.writestr("record.pdf", _pdf(child, reader, sheets, now))
        for sheet in sheets:
            if sheet.rows:
                archive.writestr(f"tables/{sheet.name}.csv", _csv(sheet.rows))
            for file in sheet.files:
                name = UNSAFE_IN_NAMES.sub("-", file.name)
                archive.writestr(f"files/{sheet.name}/{name}", file.content)
    return out.getvalue()


def _read_me(child: Child, reader: Reader, now: datetime) -> str:
    parts = [
        _("A copy of the record of %(name)s at %(clinic)s, made %(when)s.") % _words(child, now),
        _("record.pdf is for reading. tables/ opens in a spreadsheet, record.json in programs."),
        str(LEFT_OUT[reader.part]),
        _("Please keep it where only you can read it."),
    ]
    return "\n\n".join(parts) + "\n"


def _words(child: Child, now: datetime) -> dict[str, str]:
    return {
        "name": child.user.display_name,
        "clinic": settings.CLINIC_NAME,
        "when": label(now, child.user.zone),
    }


def _json(child: Child, reader: Reader, sheets: Iterable[Sheet], now: datetime) -> str:
    content = {
        "child": str(child.pk),
        "made_for": reader.part,
        "made_at": now,
        "left_out": str(LEFT_OUT[reader.part]),
        "tables": {s.name: {"title": s.title, "note": s.note, "rows": s.rows} for s in sheets},
    }
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def _csv(rows: list[dict[str, object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in rows[0]])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    # The mark makes spreadsheets read it as UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    text = _plain(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(part) for part in value)
    return str(value)


def _pdf(child: Child, reader: Reader, sheets: Iterable[Sheet], now: datetime) -> bytes:
    paper = Paper(_("The record of %(name)s") % _words(child, now), made_at=now)
    paper.paragraph(_("%(clinic)s. Made %(when)s.") % _words(child, now))
    paper.paragraph(str(LEFT_OUT[reader.part]))
    for sheet in sheets:
        paper.heading(sheet.title)
        if sheet.note:
            paper.paragraph(sheet.note)
        for row in sheet.rows:
            paper.facts((_label(name), _said(value, child)) for name, value in row.items())
        for file in sheet.files:
            paper.paragraph(_("See the file %(name)s.") % {"name": file.name})
    return paper.content()


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _said(value: Any, child: Child) -> str:
    if not isinstance(value, datetime):
        return _plain(value)
    return f"{label(value, child.user.zone)}, {local(value, child.user.zone).year}"
