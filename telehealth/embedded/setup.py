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
VENV = os.environ.get("LANTERN_VENV", os.path.join(ROOT, ".venv"))
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "lantern.stamp")
LOCKS = [os.path.join(ROOT, "requirements", name + ".txt") for name in ("base", "dev", "embedded")]
BOOTSTRAP = os.path.join(ROOT, "requirements", "bootstrap.txt")
OLDEST = (3, 11)
NEEDED_BYTES = 1500 * 1024 * 1024


class Problem(Exception):
    """One sentence for the person at the keyboard."""


def wanted_stamp():
    digest = hashlib.sha256(sys.version.encode() + VENV.encode())
    for path in [BOOTSTRAP] + LOCKS:
        with open(path, "rb") as lock:
            digest.update(lock.read())
    return digest.hexdigest()


def is_current():
    try:
        with open(STAMP) as stamp:
            return stamp.read() == wanted_stamp() and os.access(PYTHON, os.X_OK)
    except OSError:
        return False


def newer_python():
    """A Python that is new enough, or None."""
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found:
            return found
    return None


def check_machine():
    if shutil.disk_usage(os.path.dirname(VENV)).free < NEEDED_BYTES and not os.path.exists(PYTHON):
        raise Problem("The disk is full: Lantern needs 1.5 GB here. Free some space and try again.")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Problem(
            "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv"
        )


def run(command, what):
    """Run quietly; on failure the last lines and one sentence."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode == 0:
        return
    sys.stderr.write("\n".join(output.strip().splitlines()[-12:]) + "\n")
    if "No space left" in output:
        raise Problem("The disk is full. Free some space and try again.")
    raise Problem("%s failed; the last lines above say why. Is the network there?" % what)


def step(text, work):
    sys.stdout.write("  %-46s" % (text + " ..."))
    sys.stdout.flush()
    started = time.time()
    work()
    sys.stdout.write("%5.1f s\n" % (time.time() - started))


def make_venv():
    run([sys.executable, "-m", "venv", "--clear", VENV], "Making .venv")


def install_uv():
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(pip + ["--require-hashes", "-r", BOOTSTRAP], "Installing the installer")


def install_locks():
    arguments = ["--require-hashes"]
    for lock in LOCKS:
        arguments += ["-r", lock]
    uv = os.path.join(VENV, "bin", "uv")
    try:
        run([uv, "pip", "install", "--quiet", "--python", PYTHON] + arguments, "uv")
    except (Problem, OSError):
        # Some networks let pip through where uv is refused.
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run(pip + arguments, "Installing the packages")


def set_up():
    if is_current():
        return
    check_machine()
    if os.path.exists(STAMP):
        os.remove(STAMP)
    step("Making a virtual environment", make_venv)
    step("Installing the installer", install_uv)
    step("Installing the locked packages", install_locks)
    with open(STAMP, "w") as stamp:
        stamp.write(wanted_stamp())


def main():
    if sys.version_info < OLDEST:
        newer = newer_python()
        if newer is None:
            raise Problem(
                "Lantern needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2]
            )
        os.execv(newer, [newer, os.path.abspath(__file__)])
    lock_path = os.path.join(os.path.dirname(VENV), ".setup.lock")
    with open(lock_path, "w") as lock:
        # The lock ends with its process, so a file left behind is no obstacle.
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up()


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit("\n  %s\n" % problem)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit("\n  The disk is full. Free some space and try again.\n")
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            sys.exit("\n  Lantern cannot write here (%s). Copy it to a folder of yours.\n" % ROOT)
        raise
    except KeyboardInterrupt:
        sys.exit("\n  Stopped. Run it again to go on.\n")
