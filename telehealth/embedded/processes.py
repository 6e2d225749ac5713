"""Is that process really alive, and end it for good."""

import ctypes
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def alive(pid: int, name: str, folder: Path) -> bool:
    """Running, not a zombie, and the program we mean.

    After a restart of the machine a pid in an old file may be anybody's, another checkout's
    server among them: the working folder tells them apart.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        here = Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except OSError:
        return False
    command, _, rest = text.rpartition(")")
    return here and name in command and rest.split()[0] not in {"Z", "X"}


def working_in(folder: Path, name: str) -> list[int]:
    """Live processes called `name` whose working folder is `folder`."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if alive(pid, name, folder)]


def read_pid(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def end(pid: int, is_alive: Callable[[], bool], first: signal.Signals, *, wait: float = 10) -> None:
    """Ask, wait, then kill."""
    for step in (first, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, step)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if not is_alive():
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)  # not even a zombie, if it was ours
                return
            time.sleep(0.03)


def end_with_parent(sign: signal.Signals) -> None:
    """The kernel sends us `sign` when our parent dies."""
    _libc.prctl(PR_SET_PDEATHSIG, int(sign))


def dies_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `sign` when our process dies, even by kill -9."""
    parent = os.getpid()

    def set_signal() -> None:
        end_with_parent(sign)
        if os.getppid() != parent:  # it died between fork and here
            os.kill(os.getpid(), signal.SIGKILL)

    return set_signal


@contextmanager
def lock(path: Path, *, wait: bool = True) -> Iterator[int]:
    """A file lock that ends with its process: a stale file is no obstacle.

    Yields its file descriptor: a child that inherits it holds the lock as well.
    Raises BlockingIOError when `wait` is false and somebody holds it.
    """
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield handle.fileno()
