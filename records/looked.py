"""Who looked at a child's record, as the family may read it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.access_family import withheld_looks
from accounts.models import Child, User
from core.audit.models import AuditEvent
from core.registry import Reader
from records.words import LOOKS, role_words


@dataclass(frozen=True)
class Looked:
    who: str
    role: str
    what: str
    at: datetime
    by_reader: bool

    @property
    def is_old(self) -> bool:
        """The day alone does not say which year."""
        return self.at < timezone.now() - timedelta(days=180)


def events(child: Child, reader: Reader) -> QuerySet[AuditEvent]:
    """Newest first; what is kept from this reader is simply not there."""
    actions = [
        action
        for action, look in LOOKS.items()
        if reader.part in look.tells and look.topic not in reader.hidden
    ]
    shown = AuditEvent.objects.filter(child_id=child.pk, action__in=actions, actor_id__isnull=False)
    return (
        shown.exclude(actor_id=child.user_id).exclude(withheld_looks(child)).order_by("-at", "-id")
    )


def in_words(rows: list[AuditEvent], reader: Reader) -> list[Looked]:
    """Names as people are called today, roles as they were when they looked."""
    ids = {row.actor_id for row in rows if row.actor_id is not None}
    names = dict(User.objects.filter(pk__in=ids).values_list("pk", "display_name"))
    return [
        Looked(
            who=names.get(row.actor_id, ""),  # type: ignore[arg-type]
            role=role_words(row.roles),
            what=str(LOOKS[row.action].words),
            at=row.at,
            by_reader=row.actor_id == reader.user_id,
        )
        for row in rows
    ]
