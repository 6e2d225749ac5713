"""Postgres that dies in mid-answer is away for a moment, not a bug of ours."""

import psycopg2
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection

from core.errors import CONNECTION_ERRORS, as_domain_error


@pytest.mark.parametrize(
    ("cause", "becomes"),
    [
        # What libpq leaves when the server vanishes: the bare class, often without a word.
        (psycopg2.DatabaseError("error with no message from the libpq"), OperationalError),
        (psycopg2.OperationalError("server closed the connection"), OperationalError),
        (psycopg2.IntegrityError("duplicate key"), IntegrityError),
        (psycopg2.ProgrammingError("no such column"), DatabaseError),
    ],
)
@pytest.mark.django_db
def test_only_a_lost_connection_says_one_moment(cause: Exception, becomes: type[Exception]) -> None:
    with pytest.raises(becomes) as caught, connection.wrap_database_errors:
        raise cause
    assert caught.value.__cause__ is cause
    lost = becomes is OperationalError
    assert isinstance(caught.value, CONNECTION_ERRORS) == lost
    assert as_domain_error(caught.value).code == ("one_moment" if lost else "broken")
