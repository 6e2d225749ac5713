"""One rule, asked every way: the answers of an access.py agree, for everybody and every verb.

Each app's test says how its questions are asked; who may is in its own tables.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from core.errors import NotVisible

# How a question is asked: person, verb, thing -> a plain yes or no.
Ask = Callable[[Any, Any, Any], bool]


def fetches(get: Callable[..., Any]) -> Ask:
    """For `get_…_for`: the very thing, or NotVisible."""

    def ask(person: Any, verb: Any, thing: Any) -> bool:
        try:
            found = get(person, thing.pk, verb)
        except NotVisible:
            return False
        assert found == thing
        return True

    return ask


def agreed(
    ways: Mapping[str, Ask], people: Mapping[str, Any], verb: Any, thing: Any
) -> Collection[str]:
    """Who may do `verb` with `thing`; fails where two ways of asking differ."""
    allowed = set()
    for name, person in people.items():
        answers = {way: ask(person, verb, thing) for way, ask in ways.items()}
        assert len(set(answers.values())) == 1, f"{name} {verb}: {answers}"
        if all(answers.values()):
            allowed.add(name)
    return allowed
