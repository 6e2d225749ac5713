"""The house rules a linter does not know, as functions over a file's syntax tree.

A rule names the files it is about and yields the lines that break it. CONTRIBUTING.md says why.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = {
    "accounts",
    "core",
    "education",
    "peer_groups",
    "records",
    "safeguarding",
    "scheduling",
    "sessions_app",
    "telehealth",
    "wellbeing",
}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 40

# The one door to the channel layer and to the broker. The Celery app may knock at itself.
SENDERS = {
    "core/realtime.py": {"apply_async", "delay", "group_send", "send_task"},
    "telehealth/celery.py": {"send_task"},
}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
NAIVE = {"utcnow", "utcfromtimestamp", "today"}
MAYBE_NAIVE = {"now": 0, "fromtimestamp": 1}  # position of the time zone
GENERATED = re.compile(r"^\d{4}_(initial|auto_\w+|\w+_and_more)$")

Finder = Callable[[ast.Module, str], Iterator[int]]


@dataclass(frozen=True)
class Rule:
    """`finds(tree, path)` yields the line numbers that break the rule."""

    name: str
    about: Callable[[str], bool]
    finds: Finder


def product_files() -> list[str]:
    """Every Python file of the product; tests have rules of their own."""
    found = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def breaches(rule: Rule, source: str, path: str) -> list[str]:
    return [f"{path}:{line}" for line in rule.finds(ast.parse(source), path)]


def is_door(path: str) -> bool:
    parts = path.removesuffix(".py").split("/")
    return bool({"views", "consumers", "tasks", "templatetags"} & set(parts))


def is_migration(path: str) -> bool:
    return "/migrations/" in path and not path.endswith("__init__.py")


def is_hand_written(path: str) -> bool:
    return not is_migration(path)


def anywhere(_path: str) -> bool:
    return True


def managers(tree: ast.Module, _path: str) -> Iterator[int]:
    """A door that builds its own query has left the one place where access is decided."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            yield node.lineno


def naive_clocks(tree: ast.Module, _path: str) -> Iterator[int]:
    """A wall clock without its zone is wrong for half of the families twice a year."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, owner = node.func.attr, ast.unparse(node.func.value).rpartition(".")[2]
        if owner not in {"datetime", "date"}:
            continue
        given = len(node.args) > MAYBE_NAIVE.get(name, 99) or "tz" in {k.arg for k in node.keywords}
        if name in NAIVE or (name in MAYBE_NAIVE and not given):
            yield node.lineno


def senders(tree: ast.Module, path: str) -> Iterator[int]:
    """What leaves before the commit may tell of something that never happened."""
    known = {"apply_async", "delay", "group_send", "send_task"} - SENDERS.get(path, set())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in known:
            yield node.lineno


def app_imports(tree: ast.Module, _path: str) -> Iterator[int]:
    """An old migration must run after the app has moved on. Own field classes are the exception:
    Django can write a column in no other way."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."] if not node.level else ["accounts"]
        if any(n.split(".")[0] in APPS and n.rpartition(".")[2] != "fields" for n in names):
            yield node.lineno


def generated_names(_tree: ast.Module, path: str) -> Iterator[int]:
    """`0002_auto_…` tells nobody what it does; see also Django's own suggestion, in the test."""
    if GENERATED.match(Path(path).stem):
        yield 1


def long_modules(tree: ast.Module, path: str) -> Iterator[int]:
    last = max((node.end_lineno or 0 for node in tree.body), default=0)
    if last >= LONGEST_MODULE:
        yield last


def long_functions(tree: ast.Module, _path: str) -> Iterator[int]:
    """Lines from `def` to the end; a docstring is no length that anybody must hold in mind."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        length = (node.end_lineno or 0) - node.lineno + 1
        if ast.get_docstring(node) is not None:
            length -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
        if length >= LONGEST_FUNCTION:
            yield node.lineno


RULES = [
    Rule("no queries in doors", is_door, managers),
    Rule("no clock without a zone", anywhere, naive_clocks),
    Rule("one door to broker and layer", anywhere, senders),
    Rule("migrations import no app", is_migration, app_imports),
    Rule("migrations have names", is_migration, generated_names),
    Rule("modules under 400 lines", is_hand_written, long_modules),
    Rule("functions under 40 lines", is_hand_written, long_functions),
]
