"""A server that dies in mid-answer is a lost connection, also where psycopg2 has no word for it.

libpq sometimes has neither a code nor a message then, and psycopg2 raises its bare DatabaseError.
Nothing else does; left as it is, a crash of Postgres looked like a bug of ours (500 instead of
"one moment"), and the broken connection was kept.
"""

from types import TracebackType
from typing import Any

import psycopg2
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property


class LostIsOperational(DatabaseErrorWrapper):
    wrapper: Any

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is psycopg2.DatabaseError and exc_value is not None:
            self.wrapper.errors_occurred = True
            raise OperationalError(*exc_value.args).with_traceback(traceback) from exc_value
        super().__exit__(exc_type, exc_value, traceback)


class DatabaseWrapper(base.DatabaseWrapper):
    @cached_property
    def wrap_database_errors(self) -> Any:
        return LostIsOperational(self)
