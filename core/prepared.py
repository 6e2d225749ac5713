"""Queries whose SQL the ORM writes once per process, to be asked again with other values.

Building a query of some joins and sub-queries costs Django 1 to 8 ms of processor time, PostgreSQL
and the rows a tenth of that: it was most of each page. Here the builder runs once, with blanks in
the places of the values; what is kept is text, never an answer, and every use asks the database.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast
from uuid import NAMESPACE_OID, UUID, uuid5

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

Row = TypeVar("Row")
Values = Mapping[Any, Any]

# Blanks: values that nothing real ever has. A builder puts them where the caller's will be.
PERSON, CHILD, SUBJECT, MANY, MORE, WORDS = (
    uuid5(NAMESPACE_OID, f"a blank for {name}")
    for name in ("person", "child", "subject", "many", "more", "words")
)
NOW, SINCE, UNTIL = (datetime(1, 1, n, 3, 4, 5, tzinfo=UTC) for n in (2, 3, 4))
FIRST_DAY, LAST_DAY = date(1, 1, 2), date(1, 1, 3)
_BLANKS = frozenset[UUID | date](
    {PERSON, CHILD, SUBJECT, MANY, MORE, WORDS, NOW, SINCE, UNTIL, FIRST_DAY, LAST_DAY}
)

# MANY takes a list of ids, WORDS one of texts, of any length: `filter(child__in=EACH)`.
EACH = RawSQL("SELECT unnest(%s::uuid[])", (MANY,))
# A second list beside it, under the blank MORE.
EACH_MORE = RawSQL("SELECT unnest(%s::uuid[])", (MORE,))
EACH_WORD = RawSQL("SELECT unnest(%s::text[])", (WORDS,))


class Prepared(Generic[Row]):
    """`build()` gives the queryset, with blanks for whatever differs between uses."""

    def __init__(self, build: Callable[[], QuerySet[Any, Row]]) -> None:
        self._build = build

    @cached_property
    def _written(self) -> tuple[QuerySet[Any, Row], Any, str, tuple[Any, ...]]:
        queryset = self._build()
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        if any(isinstance(param, date) and param not in _BLANKS for param in params):
            # It would go on asking about the moment of the first use.
            raise ImproperlyConfigured(f"{self._build} reads the clock: put NOW instead.")
        converters = compiler.get_converters([row[0] for row in compiler.select])
        compiler.get_converters = lambda *_: converters  # which it would find out each time
        return queryset, compiler, sql, tuple(params)

    def _filled(self, values: Values) -> tuple[Any, ...]:
        # A blank without a value is a KeyError: it must never reach the database.
        return tuple(
            values[param] if isinstance(param, UUID | date) and param in _BLANKS else param
            for param in self._written[3]
        )

    def within(self, values: Values) -> RawSQL:
        """As a sub-query of another one: `filter(pk__in=ids.within({PERSON: user.pk}))`."""
        return RawSQL(self._written[2], self._filled(values))  # noqa: S611  (the ORM's own text)

    def rows(self, values: Values) -> list[Row]:
        """What the queryset would answer now."""
        queryset, compiler, sql, _ = self._written
        filled = self._filled(values)
        mine = copy.copy(compiler)  # another thread may be using it
        mine.connection = connections[DEFAULT_DB_ALIAS]
        mine.as_sql = lambda *_, **__: (sql, filled)
        asked = SimpleNamespace(
            db=DEFAULT_DB_ALIAS,
            query=SimpleNamespace(get_compiler=lambda *_, **__: mine),
            _known_related_objects={},
        )
        found = cast("Any", queryset)._iterable_class(asked)  # noqa: SLF001
        return list(cast("Iterable[Row]", found))
