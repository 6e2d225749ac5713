"""Every door the program has, beside the rows that say who may come in; and the pages made of them.

The doors come from what runs: the resolver, the table of messages, Celery's tasks. A door without a
row or a row without a door is a gap, and `manage.py access_table` fails.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from accounts.doors import WORDS, Hat
from core.doors import Anyone, Door, Kind, doors, hats_of, name_of
from sessions_app import protocol
from sessions_app.routing import websocket_urlpatterns
from telehealth.celery import IN_THE_DEMO
from telehealth.celery import app as celery

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- made by: manage.py access_table --write -->"
END = "<!-- end of what access_table made -->"
PAGE = ROOT / "docs" / "WHO_CAN_SEE_WHAT.md"
README = ROOT / "README.md"
HEADINGS = {
    Kind.PAGE: "Pages",
    Kind.SOCKET: "The socket",
    Kind.MESSAGE: "Its messages",
    Kind.TASK: "Tasks",
}
TOP = ("| Door | How | For what | Who | Rule | Refusal |", "|---|---|---|---|---|---|")

# --- the doors there are --------------------------------------------------------------------------


def _walk(patterns: Any, before: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            yield str(pattern.name or f"(no name) {route}"), "/" + route


def _beats() -> dict[str, str]:
    celery.loader.import_default_modules()
    # The demo's too: the pages made of this are the same wherever they are made.
    entries = IN_THE_DEMO | celery.conf.beat_schedule
    return {entry["task"]: _rhythm(entry["schedule"]) for entry in entries.values()}


def _rhythm(every: Any) -> str:
    if hasattr(every, "minute"):  # a crontab
        minute, hours = min(every.minute), sorted(every.hour)
        return f"{hours[0]}:{minute:02} UTC" if len(hours) == 1 else f"every hour at :{minute:02}"
    return f"every {every:.0f} s"


def found() -> dict[tuple[Kind, str], str]:
    """What the program opens by itself: each door, and where it is."""
    pages = {(Kind.PAGE, name): route for name, route in _walk(get_resolver().url_patterns)}
    sockets = {(Kind.SOCKET, str(one.pattern)): f"/{one.pattern}" for one in websocket_urlpatterns}
    messages = {
        (Kind.MESSAGE, kind): "only for those let in" if row.inside else ""
        for kind, row in protocol.TABLE.items()
    }
    beats = _beats()
    tasks = {
        (Kind.TASK, name): beats.get(name, "when something asks for it")
        for name in {*celery.tasks, *beats}
        if not name.startswith("celery.")
    }
    return pages | sockets | messages | tasks


def gaps(rows: list[Door] | None = None) -> list[str]:
    """What is wrong with the table; empty when it is whole."""
    rows = doors() if rows is None else rows
    there, named = set(found()), [(row.kind, row.name) for row in rows]
    wrong = [f"{kind} {name}: a door without a row" for kind, name in sorted(there - set(named))]
    wrong += [f"{kind} {name}: a row without a door" for kind, name in sorted(set(named) - there)]
    twice = {name for name in named if named.count(name) > 1}
    wrong += [f"{kind} {name}: two rows" for kind, name in sorted(twice)]
    for row in rows:
        try:
            hats_of(row)
        except KeyError as exc:
            wrong.append(f"{row.kind} {row.name}: {exc.args[0]} has no meaning in a doors.py")
    return wrong


# --- printed --------------------------------------------------------------------------------------


def words(hat: StrEnum) -> str:
    return WORDS[hat] if hat in WORDS else str(hat)


def who(door: Door) -> str:
    order = [*Anyone, *Hat]
    return ", ".join(words(hat) for hat in sorted(hats_of(door), key=order.index))


def rule(door: Door) -> str:
    return " or ".join(name_of(one) for one in door.who)


def text(rows: list[Door]) -> str:
    """For a terminal: two lines a door."""
    there, lines = found(), []
    for row in rows:
        where = there.get((row.kind, row.name), "")
        lines.append(f"{row.kind:8}{row.name:46}{' '.join(row.verbs):10}{rule(row)}  {where}")
        lines.append(f"        {row.what} For: {who(row)}. Refusal: {row.refusal}.")
    return "\n".join(lines)


def _line(row: Door, where: str) -> str:
    door = where if row.kind == Kind.PAGE else row.name
    how = " ".join(row.verbs)
    if row.kind in {Kind.MESSAGE, Kind.TASK} and where:
        how = f"{how}, {where}"
    return f"| `{door}` | {how} | {row.what} | {who(row)} | `{rule(row)}` | {row.refusal} |"


def markdown(rows: list[Door]) -> str:
    there, parts = found(), []
    for kind, heading in HEADINGS.items():
        lines = [_line(row, there.get((kind, row.name), "")) for row in rows if row.kind == kind]
        parts.append("\n".join([f"## {heading}", "", *TOP, *lines]))
    return "\n\n".join(parts)


# --- by role, for people --------------------------------------------------------------------------

YES, NO, OWN = "yes", "–", "their own"
EVERYBODY: dict[StrEnum, str] = {Anyone.ANYBODY: YES, Anyone.SIGNED_IN: OWN, Anyone.OWNER: OWN}
COLUMNS: dict[str, dict[StrEnum, str]] = {
    "Child": {
        Hat.CHILD: YES,
        Hat.ANY_CHILD: YES,
        Hat.OLDER_CHILD: "from 12",
        Hat.YOUNG_ADULT: "from 18",
        Hat.SIGNING_CHILD: "where its own signature is asked",
    },
    "Guardian": {
        Hat.GUARDIAN: YES,
        Hat.BOOKS: "who may book",
        Hat.CONSENTS: "who may consent",
        Hat.JOINS: "who may join",
    },
    "Care team": {
        Hat.CARE_TEAM: YES,
        Hat.SESSION_THERAPIST: "whose session it is",
        Hat.THERAPIST: OWN,
    },
    "Other therapist": {Hat.THERAPIST: OWN, Hat.BREAK_GLASS: "4 hours, in an emergency"},
    "Moderator": {Hat.MODERATOR: YES},
    "Manager": {Hat.MANAGER: YES},
    "Safeguarding lead": {Hat.LEAD: YES, Hat.LEAD_WAITING: "while it waits"},
}
# The doors that stand for the others, in the order a family meets them.
SHOWN = (
    "child_detail",
    "child_people",
    "order_file",
    "child_passphrase",
    "consent_sign",
    "assent",
    "book",
    "appointment",
    "session_room",
    "chat.send",
    "note",
    "who_looked",
    "record_copy",
    "erasure_ask",
    "inbox",
    "caseload",
    "consent_matters",
    "erasure_approve",
    "staff",
)


def _cell(hats: frozenset[StrEnum], column: dict[StrEnum, str]) -> str:
    said = [told for hat, told in (EVERYBODY | column).items() if hat in hats]
    return YES if YES in said else ", ".join(dict.fromkeys(said)) or NO


def by_role(rows: list[Door]) -> str:
    """The table of the README."""
    known = {row.name: row for row in rows}
    lines = [f"| | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name in SHOWN:
        hats = hats_of(known[name])
        cells = " | ".join(_cell(hats, column) for column in COLUMNS.values())
        lines.append(f"| {known[name].what.rstrip('.')} | {cells} |")
    return "\n".join(lines)


def files(rows: list[Door]) -> dict[Path, str]:
    """What README and docs hold when they are true to the table."""
    return {
        path: _between(path.read_text(encoding="utf-8"), made(rows))
        for path, made in ((README, by_role), (PAGE, markdown))
    }


def _between(whole: str, made: str) -> str:
    before, _, rest = whole.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{made}\n{END}{after}"
