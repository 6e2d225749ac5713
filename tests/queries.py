"""What a page asks the database."""

from collections.abc import Iterable


def asked(captured: Iterable[dict[str, str]]) -> list[str]:
    """Without the frame of the transaction: savepoints, and saying whose it is (core.rls)."""
    frame = ("SAVEPOINT", "current_setting('app.person'", "set_config('app.person'")
    return [query["sql"] for query in captured if not any(word in query["sql"] for word in frame)]
