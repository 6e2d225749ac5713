"""Where state lives, and how settings learn the addresses of the embedded servers."""

import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SOCKET_PATH_LIMIT = 107  # bytes of sun_path on Linux, less the closing zero
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
DISK_FULL = "The disk is full. Free some space and try again."
NAMES = ("DATABASE_URL", "REDIS_URL")


class Sentence(SystemExit):
    """Ends the process with one clear sentence for the person at the keyboard."""

    def __init__(self, text: str) -> None:
        super().__init__(f"\n  {text}\n")


def is_full(text: str) -> bool:
    return any(words in text for words in ("No space left on device", "Disk quota", "DiskFull"))


def explain(exc: OSError, what: str) -> Sentence:
    """A sentence instead of a traceback, for what only the machine can be blamed for."""
    text, name = exc.strerror or str(exc), exc.filename
    if isinstance(exc, shutil.Error) and isinstance(exc.args[0], list):
        # hundreds of files that all could not be copied for one reason
        name, text = exc.args[0][0][1], exc.args[0][0][2].partition("] ")[2].partition(":")[0]
    if is_full(text):
        return Sentence(DISK_FULL)
    return Sentence(f"{what}: {text}" + (f" ({name})." if name else "."))


def var_dir() -> Path:
    """This checkout's state; LANTERN_VAR names another place (tests, read-only checkouts)."""
    path = Path(os.environ.get("LANTERN_VAR") or ROOT / "var").resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as exc:
        raise Sentence(
            f"Lantern cannot write to {path} ({exc.strerror}). "
            "Use a folder you may write to, or set LANTERN_VAR to one."
        ) from None
    return path


def _reachable_by_all(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (path, *path.parents))


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _own(path: Path, mode: int) -> Path:
    """Make a folder in a place everybody may write to, refusing one somebody else laid there."""
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), _nobody_for_root()}:
        raise Sentence(f"{path} belongs to somebody else. Remove it and start again.")
    return path


def _nobody_for_root() -> int:
    """As root, a socket folder given to `nobody` is ours as well."""
    if os.geteuid() != 0:
        return os.geteuid()
    import pwd  # noqa: PLC0415  # only root's own start needs it

    return pwd.getpwnam("nobody").pw_uid


def server_dir() -> Path:
    """Where the servers keep data and sockets.

    As root Postgres runs as `nobody`, who cannot pass through a closed home folder: state then
    lies outside it instead of opening the home to everybody.
    """
    path = var_dir() / "servers"
    path.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        path.chmod(0o755)
        if not _reachable_by_all(path):
            path = _own(Path("/var/tmp") / f"lantern-{_digest(path)}", 0o755)  # noqa: S108  # survives a restart of the machine
            path.chmod(0o755)
    return path


def socket_dir(name: str) -> Path:
    """A folder for one server's socket, short enough for the kernel's limit."""
    path = server_dir() / f"{name}-socket"
    if len(os.fsencode(path)) + LONGEST_SOCKET_NAME > SOCKET_PATH_LIMIT:
        return _own(Path("/tmp") / f"lantern-{name}-{_digest(path)}", 0o700)  # noqa: S108  # checked by _own
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def wheel(name: str) -> Path:
    """The folder of an installed package, found without importing (and running) it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Sentence(f"The package {name} is missing. Run `make setup`.")
    return Path(spec.origin).parent


def env_file() -> Path:
    return var_dir() / "embedded.env"


def write_env(values: dict[str, str]) -> None:
    """Whole or not at all: settings may read it at this very moment."""
    text = "".join(f"{key}={value}\n" for key, value in values.items())
    path = env_file()
    if path.exists() and path.read_text() == text:
        return
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(path)


def _listens(url: str) -> bool:
    """Does somebody answer at the socket an embedded server's address names?"""
    path = unquote(urlsplit(url).path)
    if url.startswith("postgres"):
        path = str(Path(path.replace("//", "/", 1)).parent / ".s.PGSQL.5432")
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(3)
            client.connect(path)
    except OSError:
        return False
    return True


def load_embedded_environment() -> None:
    """Set DATABASE_URL and REDIS_URL from the running servers, unless they are set already."""
    missing = [name for name in NAMES if name not in os.environ]
    if not missing:
        return
    file = env_file()
    lines = file.read_text().splitlines() if file.exists() else []
    known = {key: value for key, _, value in (line.partition("=") for line in lines)}
    for name in missing:
        if name not in known or not _listens(known[name]):
            raise Sentence(
                "No database is running here. Start it with `make services`, "
                "or set DATABASE_URL and REDIS_URL."
            )
        os.environ[name] = known[name]
