"""The table of doors: who may come in where. One row for each address, message and task.

Each app's doors.py holds its rows; `manage.py access_table` prints them and finds what has none.
A row decides nothing: it names what in `access.py` decides, and tests/access holds the two together
by trying every door as everybody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps


class Kind(StrEnum):
    PAGE = "page"
    SOCKET = "socket"
    MESSAGE = "message"
    TASK = "task"


class Anyone(StrEnum):
    """Who needs no relation to a child, in plain words."""

    ANYBODY = "anybody, also without signing in"
    HOLDER = "whoever holds the secret address"
    SIGNED_IN = "everybody who is signed in"
    OWNER = "only the person it belongs to"
    DEMO = "anybody, in the demo only"
    CLOCK = "the clock; no person can start it"


class Refusal(StrEnum):
    NONE = "nobody is refused"
    SIGN_IN = "signed out: the sign-in page"
    NOT_FOUND = "404, as for what does not exist; signed out: the sign-in page"
    GONE = "404 for everybody"
    SENTENCE = "one sentence without a hint, nothing changed"
    AWAY = "led to where they belong; nothing shown"
    CLOSED = "closed with 4404, as for an unknown id; signed out: 4401"
    CODED = "an error with its code"


# A verb, a role, or the function of an access.py that decides.
Rule = Enum | Callable[..., Any]

GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")


@dataclass(frozen=True)
class Door:
    """`who`: any one of these rules opens it. `what`: one plain sentence."""

    kind: Kind
    name: str
    verbs: tuple[str, ...]
    who: tuple[Rule, ...]
    refusal: Refusal
    what: str


def _refusal(who: tuple[Rule, ...]) -> Refusal:
    usual: dict[Rule, Refusal] = {
        Anyone.ANYBODY: Refusal.NONE,
        Anyone.HOLDER: Refusal.SENTENCE,
        Anyone.SIGNED_IN: Refusal.SIGN_IN,
        Anyone.DEMO: Refusal.GONE,
    }
    return usual.get(who[0], Refusal.NOT_FOUND)


def page(
    name: str, verbs: tuple[str, ...], *who: Rule, what: str, refusal: Refusal | None = None
) -> Door:
    return Door(Kind.PAGE, name, verbs, who, refusal or _refusal(who), what)


def socket(name: str, *who: Rule, what: str) -> Door:
    return Door(Kind.SOCKET, name, ("connect",), who, Refusal.CLOSED, what)


def message(name: str, *who: Rule, what: str) -> Door:
    return Door(Kind.MESSAGE, name, ("send",), who, Refusal.CODED, what)


def task(name: str, *, what: str) -> Door:
    return Door(Kind.TASK, name, ("run",), (Anyone.CLOCK,), Refusal.NONE, what)


def name_of(rule: Rule) -> str:
    """As the code says it: `accounts.Verb.SEE`, `records.check_decides`."""
    home = rule if callable(rule) and not isinstance(rule, Enum) else type(rule)
    app = home.__module__.partition(".")[0]
    name = f"{type(rule).__name__}.{rule.name}" if isinstance(rule, Enum) else rule.__name__
    return name if isinstance(rule, Anyone) else f"{app}.{name}"


def _modules() -> list[Any]:
    names = (f"{config.name}.doors" for config in apps.get_app_configs())
    return [import_module(name) for name in names if name != __name__ and find_spec(name)]


def doors() -> list[Door]:
    """Every row of every app, in the order of the apps."""
    return [door for module in _modules() for door in module.DOORS]


@cache
def meanings() -> dict[str, frozenset[StrEnum]]:
    """As whom each rule lets people in, by `name_of`: two apps' `see` are equal as text."""
    found: dict[str, frozenset[StrEnum]] = {name_of(rule): frozenset({rule}) for rule in Anyone}
    for module in _modules():
        rules: Mapping[Rule, Iterable[StrEnum]] = getattr(module, "MEANS", {})
        found.update({name_of(rule): frozenset(hats) for rule, hats in rules.items()})
    return found


def hats_of(door: Door) -> frozenset[StrEnum]:
    """Everybody for whom this door opens. A rule without a meaning is a KeyError."""
    known = meanings()
    return frozenset[StrEnum]().union(*(known[name_of(rule)] for rule in door.who))
