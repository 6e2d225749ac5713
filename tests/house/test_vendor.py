"""What we took from others is exactly what the manifest says, with its licence beside it."""

import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
MANIFEST = json.loads((STATIC / "vendor" / "MANIFEST.json").read_text(encoding="utf-8"))
OUR_ICONS = {"icons/lantern.svg", "icons/favicon.svg"}
LISTED = {path: sha for package in MANIFEST for path, sha in package["files"].items()}


@pytest.mark.parametrize("path", sorted(LISTED))
def test_a_vendored_file_is_unchanged(path: str) -> None:
    assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == LISTED[path]


def test_nothing_is_vendored_without_being_listed() -> None:
    found = {
        str(path.relative_to(STATIC))
        for folder in ("vendor", "icons")
        for path in (STATIC / folder).rglob("*")
        if path.is_file()
    }
    assert found - OUR_ICONS - {"vendor/MANIFEST.json"} == set(LISTED)


@pytest.mark.parametrize("package", MANIFEST, ids=lambda package: package["package"])
def test_each_package_is_pinned_and_ships_its_licence(package: dict[str, object]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(package["version"]))
    assert package["licence"]
    files = package["files"]
    assert isinstance(files, dict)
    assert any(path.endswith("/LICENSE") for path in files)


def styles_and_scripts() -> list[Path]:
    return sorted([*STATIC.rglob("*.css"), *STATIC.rglob("*.js")])


@pytest.mark.parametrize("path", styles_and_scripts(), ids=lambda p: str(p.relative_to(STATIC)))
def test_nothing_points_outside_our_own_files(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "sourceMappingURL" not in text
    for address in re.findall(r"url\(([^)]+)\)", text):
        assert address.strip("\"'").startswith(("data:", "../", "#")), address
    for found in re.findall(r"@import|importScripts|cdn\.", text):
        pytest.fail(f"{path.name}: {found}")
