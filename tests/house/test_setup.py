"""`make setup`: quick when done, repaired when half done, and one sentence when it cannot be."""

import ast
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.machine import QUIET, ROOT, Answer, state_folder, until

SETUP = Path("telehealth/embedded/setup.py")


def wheel_of(folder: Path, name: str, version: str) -> str:
    """A package made by hand; returns its line for a lock."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name} @ {path.as_uri()} --hash=sha256:{digest}\n"


class Checkout:
    """A folder with the real set-up and locks of two packages that need no network."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.python = root / ".venv" / "bin" / "python"
        (root / SETUP).parent.mkdir(parents=True)
        (root / "requirements").mkdir()
        shutil.copy(ROOT / SETUP, root / SETUP)
        shutil.copy(ROOT / "Makefile", root / "Makefile")
        for name in ("dev", "embedded"):
            (root / "requirements" / f"{name}.txt").write_text("# nothing\n")
        self.lock("bootstrap", "first_probe", "1")
        self.lock("base", "probe", "1")

    def lock(self, lock: str, name: str, version: str) -> None:
        line = wheel_of(self.root, name, version)
        (self.root / "requirements" / f"{lock}.txt").write_text(line)

    def command(self) -> list[str]:
        return ["make", "--no-print-directory", "setup", f"PYTHON3={sys.executable}"]

    def make(self, *more: str, **environment: str) -> Answer:
        done = subprocess.run(
            [*self.command(), *more],
            cwd=self.root,
            env=QUIET | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return Answer(done.returncode, done.stdout, done.stderr.strip())

    def probe(self) -> str:
        show = "import first_probe, probe; print(probe.VERSION)"
        return subprocess.check_output([self.python, "-c", show], text=True).strip()


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with state_folder("a folder, né à Ævar") as root:
        yield Checkout(root)


def test_set_up_from_a_killed_start_to_a_changed_lock(checkout: Checkout) -> None:
    (checkout.root / ".setup.lock").write_text("left by a machine that went down\n")
    process = subprocess.Popen(
        checkout.command(),
        cwd=checkout.root,
        env=QUIET,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert until(checkout.python.exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    made = checkout.make()
    assert made.code == 0, made.error
    assert len(re.findall(r" \.\.\. +\d+\.\d s$", made.out, re.MULTILINE)) == 3
    assert checkout.probe() == "1"

    before = checkout.python.lstat().st_ctime_ns
    assert checkout.make() == Answer(0, "", "")  # nothing changed, nothing said, nothing touched
    assert checkout.python.lstat().st_ctime_ns == before

    checkout.lock("base", "probe", "2")
    assert "locked packages" in checkout.make().out
    assert checkout.probe() == "2"
    assert checkout.python.lstat().st_ctime_ns == before


def script(*lines: str) -> Answer:
    """Lines run with the real set-up as `setup`, ending in its main program."""
    program = "\n".join(
        [
            "import importlib.util, sys",
            f"spec = importlib.util.spec_from_file_location('setup', {str(ROOT / SETUP)!r})",
            "setup = importlib.util.module_from_spec(spec); spec.loader.exec_module(setup)",
            "setup.VENV = '/tmp/lantern-none/.venv'",
            "setup.STAMP = '/tmp/lantern-none/.venv/stamp'",
            *lines,
            "try:",
            "    setup.main()",
            "except setup.Problem as problem:",
            "    sys.exit(str(problem))",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=QUIET, capture_output=True, text=True, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr.strip())


OLD = (
    "Lantern needs Python 3.11 or newer; this is 3.9. "
    "Install one, or name it: make setup PYTHON3=/path/to/python3"
)
HERE = "import os; os.makedirs('/tmp/lantern-none', exist_ok=True)"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["sys.version_info = (3, 9, 2)", "setup.newer_python = lambda: ''"],
            OLD,
        ),
        (
            [HERE, "sys.modules['venv'] = None"],
            "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv",
        ),
        (
            [HERE, "sys.modules['ensurepip'] = None"],
            "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv",
        ),
        (
            [HERE, "setup.NEEDED_BYTES = 10 ** 18"],
            "The disk is full: Lantern needs 1.2 GB here. Free some space and try again.",
        ),
        (
            [
                HERE,
                "def full(*_): raise OSError(setup.errno.ENOSPC, 'no')",
                "setup.run = full",
            ],
            "The disk is full. Free some space and try again.",
        ),
        (
            ["setup.VENV = '/sys/.venv'"],
            "Lantern cannot write to /sys. Copy it to a folder of yours.",
        ),
        (
            [
                "setup.VENV = '/tmp/a:b/.venv'",
                "os = setup.os; os.makedirs('/tmp/a:b', exist_ok=True)",
            ],
            "No Python environment can live in /tmp/a:b/.venv: rename the folder with the colon.",
        ),
    ],
    ids=["old Python", "no venv", "no ensurepip", "little space", "no space", "read-only", "colon"],
)
def test_what_it_cannot_do_is_one_sentence(lines: list[str], sentence: str) -> None:
    answer = script(*lines)
    assert answer.error == sentence
    assert answer.code == 1


def test_without_a_way_to_the_index_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(f"lantern-nothing==1 --hash=sha256:{'0' * 64}\n")
    index = "['--index-url', 'http://127.0.0.1:9/', '-r', " + repr(str(tmp_path / "lock")) + "]"
    answer = script(
        f"setup.PYTHON = {sys.executable!r}", f"setup.main = lambda: setup.pip({index}, 'x')"
    )
    assert answer.error == (
        "The packages could not be fetched: there is no way to the package index. "
        "Look at the network and try again."
    )


def test_it_can_be_read_by_the_pythons_it_refuses() -> None:
    ast.parse((ROOT / SETUP).read_text(), feature_version=(3, 5))


def test_no_python_at_all_is_one_sentence(checkout: Checkout) -> None:
    answer = checkout.make("PYTHON3=/nowhere/python3")
    assert answer.code != 0
    assert answer.out == (
        "  Lantern needs Python 3.11 or newer, and there is no /nowhere/python3 here.\n"
    )


def test_a_second_set_up_waits_for_the_first(checkout: Checkout) -> None:
    with (checkout.root / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            checkout.command(),
            cwd=checkout.root,
            env=QUIET,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "  Waiting for another set-up of this folder ...\n"
        assert not checkout.python.exists()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_help_lists_every_target() -> None:
    said = subprocess.check_output(["make", "--no-print-directory", "help"], cwd=ROOT, text=True)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^  make ([a-z]+) ", said, re.MULTILINE) == targets
    assert subprocess.check_output(["make", "--no-print-directory"], cwd=ROOT, text=True) == said


def test_the_builders_call_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.startswith(("exec", "make"))] == ["exec make test"]
