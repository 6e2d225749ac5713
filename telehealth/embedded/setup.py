"""Makes .venv from the hashed locks: `python3 telehealth/embedded/setup.py`.

Runs before anything is installed and on any Python 3, to be able to say that it is too old:
so no syntax younger than 3.5 and only the standard library.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.abspath(os.environ.get("LANTERN_VENV") or os.path.join(ROOT, ".venv"))
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "lantern.stamp")
BOOTSTRAP = os.path.join(ROOT, "requirements", "bootstrap.txt")
LOCKS = [os.path.join(ROOT, "requirements", name + ".txt") for name in ("base", "dev", "embedded")]
OLDEST = (3, 11)
NEEDED_BYTES = 1200 * 1024 * 1024
# What pip and uv print when it is the network, and when it is the disk.
NO_NETWORK = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "dns error",
    "failed to lookup address",
    "NewConnectionError",
    "Connection refused",
    "Network is unreachable",
    "error sending request",
    "Read timed out",
)
NO_SPACE = ("No space left on device", "Disk quota exceeded")


class Problem(Exception):
    """One sentence for the person at the keyboard."""


def wanted_stamp() -> "list[str]":
    """What a finished .venv says of itself: the Python and place it is of, the locks it holds."""
    locks = hashlib.sha256()
    for path in [BOOTSTRAP] + LOCKS:
        with open(path, "rb") as lock:
            locks.update(lock.read())
    return ["%d.%d %s" % (sys.version_info[0], sys.version_info[1], VENV), locks.hexdigest()]


def found_stamp() -> "list[str]":
    """Empty for no .venv, one half made, or one whose Python is gone."""
    try:
        with open(STAMP) as stamp:
            return stamp.read().split("\n") if os.access(PYTHON, os.X_OK) else []
    except OSError:
        return []


def newer_python() -> str:
    """A Python on PATH that is new enough and runs; "" when there is none."""
    test = "import sys; sys.exit(sys.version_info < (%d, %d))" % OLDEST
    for minor in range(30, OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        # A version manager may lay a command there that only says "not installed".
        if found and not subprocess.call(
            [found, "-c", test], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            return found
    return ""


def check_machine() -> None:
    if os.pathsep in VENV:
        raise Problem(
            "No Python environment can live in %s: rename the folder with the colon." % VENV
        )
    if shutil.disk_usage(os.path.dirname(VENV)).free < NEEDED_BYTES:
        raise Problem("The disk is full: Lantern needs 1.2 GB here. Free some space and try again.")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Problem(
            "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv"
        )


def run(command: "list[str]", what: str) -> None:
    """Run quietly; when it fails, raise one sentence (and show the last lines if it is unclear)."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode == 0:
        return
    if any(words in output for words in NO_SPACE):
        raise Problem("The disk is full. Free some space and try again.")
    if any(words in output for words in NO_NETWORK):
        raise Problem(
            "The packages could not be fetched: there is no way to the package index. "
            "Look at the network and try again."
        )
    sys.stderr.write("\n" + "\n".join(output.strip().splitlines()[-12:]) + "\n")
    raise Problem("%s failed; the lines above say why." % what)


def step(text: str, work: "object") -> None:
    sys.stdout.write("  %-46s" % (text + " ..."))
    sys.stdout.flush()
    started = time.time()
    work()  # type: ignore[operator]  # a callable: typing is too young for the oldest Pythons
    sys.stdout.write("%5.1f s\n" % (time.time() - started))


def make_venv() -> None:
    base = getattr(sys, "_base_executable", None) or sys.executable
    run([base, "-m", "venv", "--clear", VENV], "Making .venv")


def pip(arguments: "list[str]", what: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--retries", "2", "--require-hashes"]
    run([PYTHON, "-m", "pip", "install"] + quiet + arguments, what)


def install_uv() -> None:
    pip(["-r", BOOTSTRAP], "Installing the installer")


def install_locks() -> None:
    uv = [os.path.join(VENV, "bin", "uv"), "pip", "sync", "--quiet", "--require-hashes"]
    try:
        run(uv + ["--python", PYTHON, BOOTSTRAP] + LOCKS, "uv")
    except (Problem, OSError):
        # Some networks let pip through where uv is refused.
        pip([part for lock in LOCKS for part in ("-r", lock)], "Installing the packages")


def set_up() -> None:
    wanted, found = wanted_stamp(), found_stamp()
    if found == wanted:
        return
    if found[:1] == wanted[:1]:
        # Whole, of this Python, with older locks: no need to begin again.
        os.remove(STAMP)
    else:
        check_machine()
        if os.path.exists(STAMP):
            os.remove(STAMP)
        step("Making a virtual environment", make_venv)
    step("Installing the installer", install_uv)
    step("Installing the locked packages", install_locks)
    with open(STAMP, "w") as stamp:
        stamp.write("\n".join(wanted))


def set_up_alone() -> None:
    """One set-up at a time. The lock ends with its process: a file left behind is no obstacle."""
    if found_stamp() == wanted_stamp():
        return
    with open(os.path.join(os.path.dirname(VENV), ".setup.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stdout.write("  Waiting for another set-up of this folder ...\n")
            sys.stdout.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
        set_up()


def main() -> None:
    if sys.version_info < OLDEST:
        newer = newer_python()
        if not newer:
            raise Problem(
                "Lantern needs Python 3.11 or newer; this is %d.%d. "
                "Install one, or name it: make setup PYTHON3=/path/to/python3"
                % sys.version_info[:2]
            )
        os.execv(newer, [newer, os.path.abspath(__file__)])
    try:
        set_up_alone()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Problem("The disk is full. Free some space and try again.")
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise Problem(
                "Lantern cannot write to %s. Copy it to a folder of yours." % os.path.dirname(VENV)
            )
        raise


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit("\n  %s\n" % problem)
    except KeyboardInterrupt:
        sys.exit("\n  Stopped. Run it again to go on.\n")
