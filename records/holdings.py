"""What this app holds about a child: copies that wait, holds, and who looked."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Child
from core.registry import Category, Holding, Reader, Sheet, Table, register
from records import looked
from records.models import OPEN_COPIES, RecordCopy

# Older looking stays in the trail; a copy that nobody can read to its end helps nobody.
MOST_LOOKS = 2_000


def register_all() -> None:
    register(
        Holding(
            name="records.copies",
            category=Category.CONTACT,
            tables=(Table("records.CopyFile", "copy__child"), Table("records.RecordCopy", "child")),
            purge=_old_copies,
            purged_as="copies",
        ),
        Holding(
            name="records.holds",
            category=Category.IDENTITY,
            tables=(Table("records.LegalHold", "child"),),
        ),
        # No table of ours: the trail names ids only, and stays (ARCHITECTURE.md, Audit).
        Holding(name="records.who_looked", category=Category.TRAIL, export=_who_looked),
    )


def _old_copies(before: datetime) -> int:
    old = RecordCopy.objects.filter(asked_at__lt=before).exclude(state__in=OPEN_COPIES)
    return old.delete()[0]


def _who_looked(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    child = Child.objects.select_related("user").get(pk=child_id)
    rows = looked.in_words(list(looked.events(child, reader)[:MOST_LOOKS]), reader)
    yield Sheet(
        "who_looked",
        _("Who looked at the record"),
        [{"when": row.at, "who": row.who, "role": row.role, "what": row.what} for row in rows],
    )
