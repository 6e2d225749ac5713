"""The second wall: Postgres itself shows a person only the rows they are tied to.

Policies on the most private tables (see each app's `row_security` migration) compare the setting
`app.person` with the row: a person's id, or `system:<name>` for parts of Lantern that act for
nobody. Nobody set it: no row, for reading and for writing. `access.py` decides; this holds when a
query forgets to ask it.

- `acting_as` for a page or a piece of a socket's work: until the end of the transaction it opens.
- `steady` for processes that never act for a person (worker, `manage.py`): they commit step by
  step, so it belongs to the connection, also to one made anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.signals import connection_created

_steady: ContextVar[str] = ContextVar("steady", default="")


def _set(value: str, *, local: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.person', %s, %s)", [value, local])


def _current() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.person', true)")
        return cursor.fetchone()[0] or ""


@contextmanager
def acting_as(who: UUID | str | None) -> Iterator[None]:
    """One transaction as this person (`None`: nobody) or as `system("name")`."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _current() if nested else ""
        _set(str(who or ""), local=True)
        yield
        # An error rolls the setting back with the rest; the end of the outermost forgets it.
        if nested and not connection.needs_rollback:
            _set(before, local=True)


def system(name: str) -> str:
    """The setting's value for a part of Lantern that acts for no person."""
    return f"system:{name}"


@contextmanager
def steady(name: str) -> Iterator[None]:
    """This thread's connection acts as that part of Lantern until the end."""
    token = _steady.set(system(name))
    # Within a transaction (an eager task of a test) it must not outlive it.
    local = connection.in_atomic_block
    before = _current() if connection.connection is not None else ""
    if connection.connection is not None:
        _set(system(name), local=local)
    try:
        yield
    finally:
        _steady.reset(token)
        if connection.connection is not None and not connection.needs_rollback:
            _set(before, local=local)


def _on_connect(connection: Any, **_kwargs: Any) -> None:
    if name := _steady.get():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.person', %s, false)", [name])


connection_created.connect(_on_connect, dispatch_uid="core.rls")
