"""Where state lives, and how settings learn the addresses of the embedded servers."""

import hashlib
import importlib.util
import os
import stat
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOCKET_PATH_LIMIT = 107  # bytes of sun_path on Linux, less the closing zero


class Sentence(SystemExit):
    """Ends the process with one clear sentence for the person at the keyboard."""

    def __init__(self, text: str) -> None:
        super().__init__(f"\n  {text}\n")


def var_dir() -> Path:
    """This checkout's state; LANTERN_VAR names another place (tests, read-only checkouts)."""
    path = Path(os.environ.get("LANTERN_VAR", ROOT / "var"))
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
            name = hashlib.sha256(str(path).encode()).hexdigest()[:12]
            path = Path("/var/tmp") / f"lantern-{name}"  # noqa: S108  # survives a restart
            path.mkdir(exist_ok=True)
            if path.stat().st_uid != 0:
                raise Sentence(f"{path} belongs to somebody else. Remove it and start again.")
            path.chmod(0o755)
    return path


def socket_dir(name: str) -> Path:
    """A folder for one server's socket, short enough for the kernel's limit."""
    path = server_dir() / f"{name}-socket"
    if len(str(path)) + len("/.s.PGSQL.5432") > SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        path = Path(tempfile.gettempdir()) / f"lantern-{name}-{digest}"
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
    env_file().write_text("".join(f"{key}={value}\n" for key, value in values.items()))


def load_embedded_environment() -> None:
    """Set DATABASE_URL and REDIS_URL from the running servers, unless they are set already."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    if not env_file().exists():
        raise Sentence(
            "No database is running. Start one with `make services`, "
            "or set DATABASE_URL and REDIS_URL."
        )
    for line in env_file().read_text().splitlines():
        key, _, value = line.partition("=")
        os.environ.setdefault(key, value)
