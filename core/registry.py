"""What each app holds about one child: filled when apps load, used by export, erasure and purge.

An app calls `register` in its AppConfig.ready; nobody here knows the app. Tables that hold nothing
of a child are named too (`set_aside`), with the reason: a table nobody thought of fails the build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import pgtrigger
from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from core.encryption.fields import EncryptedField


class Category(StrEnum):
    """Which rule of retention a table falls under."""

    CONTACT = "contact"  # sign-in, wishes, messages: nothing asks us to keep it
    CLINICAL = "clinical"
    CONSENT = "consent"
    IDENTITY = "identity"  # whose record it is: goes when nothing of the record is left
    TRAIL = "trail"  # names ids only; kept


class Part(StrEnum):
    """As whom somebody reads a copy of a record."""

    CHILD = "child"
    GUARDIAN = "guardian"
    CARE_TEAM = "care_team"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a copy is made. `hidden` are topics kept from this one person (SAFETY.md)."""

    user_id: UUID
    part: Part
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class File:
    """Something to hang on a copy. `name` is a file's name without folders."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a copy: `name` for the files, `title` for people, `note` says what is left out.

    Rows are flat, all with the same keys, and ready for JSON.
    """

    name: str
    title: str
    rows: list[dict[str, object]]
    files: tuple[File, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A model by its label, and the path from its rows to the child."""

    label: str
    path: str

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)

    def rows(self, child_id: UUID) -> QuerySet[Model]:
        return QuerySet(self.model).filter(**{self.path: child_id})

    def ids(self, child_id: UUID) -> Iterable[object]:
        return self.rows(child_id).values_list("pk", flat=True)

    def has_sealed(self, child_id: UUID) -> bool:
        """Is anything here that only the child's data key opens? An empty field is nothing."""
        sealed = Q()
        for field_ in self.model._meta.get_fields():
            if isinstance(field_, EncryptedField):
                sealed |= Q(**{f"{field_.name}__isnull": False})
        return bool(sealed) and self.rows(child_id).filter(sealed).exists()

    def erase(self, child_id: UUID) -> int:
        """Delete this child's rows, also where a trigger keeps them from everybody else."""
        keeps = [
            f"{self.model._meta.label}:{trigger.name}"
            for trigger in getattr(self.model._meta, "triggers", ())
            if trigger.operation is not None and "DELETE" in str(trigger.operation)
        ]
        if not keeps:
            return self.rows(child_id).delete()[0]
        with transaction.atomic(), pgtrigger.ignore(*keeps):
            return self.rows(child_id).delete()[0]


Export = Callable[[UUID, Reader], Iterable[Sheet]]


def _nothing(_child_id: UUID, _reader: Reader) -> Iterable[Sheet]:
    return ()


def _never(_child_id: UUID) -> bool:
    return False


def _unknown(_child_id: UUID) -> datetime | None:
    return None


def _no_traces(_ids: Sequence[UUID]) -> int:
    return 0


def _none_old(_before: datetime) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Holding:
    """One share of what is held about a child.

    `export` yields what this reader may have. `blocks` says that it cannot be erased yet,
    `last_contact` when care last happened; `purge(before)` removes what is simply old, whoever it
    is about, by the rule of retention named `purged_as`, and answers how many rows went.
    `forget(ids)` removes what others were told about rows that are gone.
    """

    name: str
    category: Category
    tables: tuple[Table, ...] = ()
    export: Export = field(default=_nothing)
    blocks: Callable[[UUID], bool] = field(default=_never)
    last_contact: Callable[[UUID], datetime | None] = field(default=_unknown)
    purge: Callable[[datetime], int] = field(default=_none_old)
    purged_as: str = ""
    forget: Callable[[Sequence[UUID]], int] = field(default=_no_traces)

    def count(self, child_id: UUID) -> int:
        return sum(table.rows(child_id).count() for table in self.tables)

    def needs_key(self, child_id: UUID) -> bool:
        """Is something left that only the child's data key opens?"""
        return any(table.has_sealed(child_id) for table in self.tables)


_holdings: dict[str, Holding] = {}
_aside: dict[str, str] = {}


def register(*holdings: Holding) -> None:
    """Names are unique; registering the same holding again changes nothing."""
    for holding in holdings:
        if _holdings.setdefault(holding.name, holding) != holding:
            raise ValueError(f"{holding.name!r} is registered twice.")


def holdings() -> Iterator[Holding]:
    """All holdings, by name."""
    yield from (_holdings[name] for name in sorted(_holdings))


def erase(chosen: Iterable[Holding], child_id: UUID) -> dict[str, int]:
    """Erase these holdings' rows of one child; how many went from each. In one transaction."""
    pairs = [(holding.name, table) for holding in chosen for table in holding.tables]
    gone = dict.fromkeys((name for name, _table in pairs), 0)
    ids: list[UUID] = []
    with transaction.atomic():
        while pairs:
            # first what nothing else points at: an appointment goes after its notes
            name, table = next(pair for pair in pairs if _is_free(pair, pairs))
            ids.extend(pk for pk in table.ids(child_id) if isinstance(pk, UUID))
            gone[name] += table.erase(child_id)
            pairs.remove((name, table))
        for holding in holdings():
            if traces := holding.forget(ids):
                gone[holding.name] = gone.get(holding.name, 0) + traces
    return gone


def _is_free(pair: tuple[str, Table], pairs: list[tuple[str, Table]]) -> bool:
    model = pair[1].model
    return not any(model in _points_at(t.model) for _name, t in pairs if t.model is not model)


def set_aside(because: str, *labels: str) -> None:
    """These tables lead to a person, yet hold nothing about a child."""
    _aside.update(dict.fromkeys(labels, because))


def unaccounted(models: Iterable[type[Model]], people: Iterable[type[Model]]) -> list[str]:
    """Labels of models with a path to `people` that nobody registered or set aside."""
    known = {t.model for h in holdings() for t in h.tables} | {apps.get_model(a) for a in _aside}
    reached: set[type[Model]] = set(people)
    todo = [m for m in models if not m._meta.proxy and not m._meta.auto_created]
    while more := [m for m in todo if m not in reached and _points_at(m) & reached]:
        reached.update(more)
    return sorted(m._meta.label for m in reached - known - set(people))


def _points_at(model: type[Model]) -> set[type[Model]]:
    found = (f.related_model for f in model._meta.get_fields() if getattr(f, "concrete", False))
    return {target for target in found if isinstance(target, type)}
