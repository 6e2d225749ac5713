"""Reads for pages."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Child, User
from records import retention
from records.access import Verb, can
from records.actions.erasing import is_held
from records.models import Erasure, LegalHold, RecordCopy

SHOWN = 5


def copies_of(user: User, child: Child) -> list[RecordCopy]:
    """One's own last copies of this record."""
    return list(RecordCopy.objects.filter(child=child, asked_by=user)[:SHOWN])


def may_ask_erasure(user: User, child: Child) -> bool:
    return can(user, Verb.ASK_ERASURE, child)


@dataclass(frozen=True)
class Named:
    """A request beside its child, who may be gone."""

    erasure: Erasure
    child: Child | None


def named(erasures: Iterable[Erasure]) -> list[Named]:
    rows = list(erasures)
    children = Child.objects.select_related("user").in_bulk([row.child_id for row in rows])
    return [Named(row, children.get(row.child_id)) for row in rows]


def open_holds() -> list[LegalHold]:
    return list(LegalHold.objects.filter(ended_at=None).select_related("child__user", "placed_by"))


@dataclass(frozen=True)
class Decision:
    """What the manager reads before a step."""

    child: Child | None
    asked_by: User | None
    plan: retention.Plan | None
    is_held: bool
    is_booked: bool


def decision(erasure: Erasure) -> Decision:
    child = Child.objects.select_related("user").filter(pk=erasure.child_id).first()
    asked_by = User.objects.filter(pk=erasure.asked_by).first() if erasure.asked_by else None
    return Decision(
        child=child,
        asked_by=asked_by,
        plan=retention.plan(child) if child is not None else None,
        is_held=is_held(erasure.child_id),
        is_booked=child is not None and retention.blocked(child.pk),
    )
