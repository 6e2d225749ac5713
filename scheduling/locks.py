"""Turns taken per therapist and per child, so that checks and writes see each other.

Advisory locks of the transaction, always therapists before children and each kind in the order of
ids: two bookings can wait for each other, never for ever. The exclusion constraints would refuse
the overlap anyway; the locks let the loser see fresh times instead of an error from the database.
"""

import uuid
from collections.abc import Iterable

from django.db import connection, transaction


def take_turns(*, therapists: Iterable[uuid.UUID], children: Iterable[uuid.UUID]) -> None:
    """Wait for the locks; they end with the transaction. Outside of one they would not hold."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("take_turns needs a transaction")
    names = [f"scheduling.therapist.{pk}" for pk in sorted(therapists)]
    names += [f"scheduling.child.{pk}" for pk in sorted(children)]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
