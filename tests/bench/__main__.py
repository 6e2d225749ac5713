"""Runs every bench_*.py here and prints one JSON line for each number: `make bench`."""

import importlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.test")


def run(only: list[str]) -> int:
    missed = 0
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if only and path.stem.removeprefix("bench_") not in only:
            continue
        module = importlib.import_module(f"tests.bench.{path.stem}")
        for row in module.main():
            print(json.dumps(row), flush=True)
            missed += row.get("met") is False
    return missed


if __name__ == "__main__":
    sys.exit(1 if run(sys.argv[1:]) else 0)
