"""What each app holds about one child: filled when apps load, used by export and erasure.

An app calls `register` in its AppConfig.ready; nobody here knows the app.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Holding:
    """One app's share. `export` yields rows ready for JSON; `erase` answers how many rows went."""

    name: str
    export: Callable[[UUID], Iterable[dict[str, object]]]
    erase: Callable[[UUID], int]


_holdings: dict[str, Holding] = {}


def register(holding: Holding) -> None:
    """Names are unique; registering the same holding again changes nothing."""
    if _holdings.setdefault(holding.name, holding) != holding:
        raise ValueError(f"{holding.name!r} is registered twice.")


def holdings() -> Iterator[Holding]:
    """All holdings, by name."""
    yield from (_holdings[name] for name in sorted(_holdings))
