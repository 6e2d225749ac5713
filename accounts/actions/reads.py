"""That a child's record was shown to somebody else: what the family reads under "who looked"."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Model

from accounts.models import Child, User
from core.audit.actions import ONCE_IN, record_reads


def saw(
    actor: User,
    what: str,
    children: Child | Iterable[Child],
    *,
    obj: Model | None = None,
    once_in: timedelta = ONCE_IN,
) -> None:
    """`actor` was shown these children on a page of this kind ("child.view", "list.view").

    Every door that shows a child calls it, after access was decided. A child's own looking is no
    row. One row an hour for each person, child and kind of page: words are in records.words.
    """
    shown = [children] if isinstance(children, Child) else children
    record_reads(
        actor=actor,
        action=what,
        child_ids=[child.pk for child in shown if child.user_id != actor.pk],
        obj=obj,
        once_in=once_in,
    )
