"""docker-compose.yml as data, read the way Compose reads it: merged, with .env put in."""

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")


class Missing(Exception):
    """Compose would stop here with this sentence."""


def _fill(text: str, values: dict[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        dollar, name, kind, rest = match.groups()
        if dollar:
            return "$"
        if values.get(name):
            return values[name]
        if kind == ":?":
            raise Missing(rest)
        return rest or ""  # where nothing is said, Compose only warns and puts nothing in

    return VARIABLE.sub(one, text)


def _filled(node: Any, values: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, values) for value in node]
    return _fill(node, values) if isinstance(node, str) else node


def compose(values: dict[str, str]) -> dict[str, Any]:
    """`values` are what .env would hold."""
    text = (ROOT / "docker-compose.yml").read_text()
    filled: dict[str, Any] = _filled(yaml.safe_load(text), values)
    return filled


def words(command: str | list[str]) -> list[str]:
    """A command as the kernel gets it: Compose splits a string like a shell, but runs none."""
    return command if isinstance(command, list) else shlex.split(command)


def check_words(service: dict[str, Any]) -> list[str]:
    """A health check as the kernel gets it."""
    kind, *rest = service["healthcheck"]["test"]
    return ["/bin/sh", "-c", *rest] if kind == "CMD-SHELL" else rest


def readme_section() -> str:
    """README.md, "Running it for a clinic"."""
    text = (ROOT / "README.md").read_text()
    after = text.partition("\n## Running it for a clinic\n")[2]
    return re.split(r"^## ", after, flags=re.MULTILINE)[0]


def readme_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", readme_section(), re.MULTILINE | re.DOTALL)


def readme_env() -> dict[str, str]:
    """The .env the README tells a clinic to write."""
    (block,) = readme_blocks("ini")
    pairs = (line.partition("=") for line in block.splitlines() if "=" in line)
    return {name: value.split(" #")[0].strip().strip('"') for name, _, value in pairs}
