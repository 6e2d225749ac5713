"""`python -m tests.bench [name ...]`: every bench_*.py here, its numbers as JSON lines.

A bench is a module with `main() -> Iterable[dict[str, object]]`: each dict is one number beside
its ceiling measured in the same run, and `met` says whether it is within its target. A number that
is not met is printed, it does not fail the run: other work on the machine may be the reason. A
bench that cannot run fails it, after the others have run.
Each bench runs in a process of its own, so that none warms up or slows down another.
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def run_one(name: str) -> int:
    """Run one bench in this process."""
    for row in importlib.import_module(f"tests.bench.bench_{name}").main():
        print(json.dumps({"bench": name, **row}), flush=True)
    return 0


def run_all(wanted: list[str]) -> int:
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        known = ", ".join(names())
        print(f"No such bench: {', '.join(unknown)}. There are: {known}.", file=sys.stderr)
        return 2
    worst = 0
    for name in wanted or names():
        started = time.monotonic()
        code = subprocess.call([sys.executable, "-m", "tests.bench", "--one", name])
        took = round(time.monotonic() - started, 1)
        print(f"  {name}: {took} s{'' if code == 0 else ', could not run'}", file=sys.stderr)
        worst = worst or code
    return worst


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(run_one(arguments[1]) if arguments[:1] == ["--one"] else run_all(arguments))
