"""Fetch the few browser files we ship, pinned, and write static/vendor/MANIFEST.json.

Run by hand when a version changes (needs npm); set-up and tests never do:
    .venv/bin/python tools/vendor.py
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "static"
MANIFEST = STATIC / "vendor" / "MANIFEST.json"
# A source map we do not ship makes collectstatic fail.
SOURCE_MAP = re.compile(rb"\s*(/\*#|//#) sourceMappingURL=\S+( \*/)?\s*$")

# One name of bootstrap-icons a line; `{% icon "name" %}` shows it.
ICONS = Path(__file__).with_name("icons.txt").read_text(encoding="utf-8").split()


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    files: dict[str, str]  # path in the package -> path under static/


FONT = "files/atkinson-hyperlegible-next-{}-wght-normal.woff2"
PACKAGES = [
    Package(
        "bootstrap",
        "5.3.9",
        "MIT",
        {
            "dist/css/bootstrap.min.css": "vendor/bootstrap/bootstrap.min.css",
            "LICENSE": "vendor/bootstrap/LICENSE",
        },
    ),
    Package(
        "htmx.org",
        "2.0.11",
        "0BSD",
        {"dist/htmx.min.js": "vendor/htmx/htmx.min.js", "LICENSE": "vendor/htmx/LICENSE"},
    ),
    Package(
        "@fontsource-variable/atkinson-hyperlegible-next",
        "5.3.0",
        "OFL-1.1",
        {
            FONT.format("latin"): "vendor/atkinson/latin.woff2",
            FONT.format("latin-ext"): "vendor/atkinson/latin-ext.woff2",
            "LICENSE": "vendor/atkinson/LICENSE",
        },
    ),
    Package(
        "bootstrap-icons",
        "1.13.2",
        "MIT",
        {f"icons/{name}.svg": f"icons/{name}.svg" for name in ICONS}
        | {"LICENSE": "vendor/bootstrap-icons/LICENSE"},
    ),
]


def fetch(package: Package, folder: Path) -> dict[str, str]:
    """Copy the package's files into static/; returns path -> SHA-256."""
    packed = subprocess.run(  # noqa: S603 (our own constants)
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    hashes = {}
    with tarfile.open(folder / packed.stdout.strip()) as archive:
        for inside, outside in package.files.items():
            member = archive.extractfile(f"package/{inside}")
            if member is None:
                raise FileNotFoundError(inside)
            content = SOURCE_MAP.sub(b"\n", member.read())
            target = STATIC / outside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            hashes[outside] = hashlib.sha256(content).hexdigest()
    return dict(sorted(hashes.items()))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            {
                "package": package.name,
                "version": package.version,
                "licence": package.licence,
                "files": fetch(package, Path(folder)),
            }
            for package in PACKAGES
        ]
    MANIFEST.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
