"""The demo's own secrets: made once, kept under var/, refused by production settings."""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from telehealth.embedded.environment import var_dir

DEMO_KEY_ID = "demo-only"
KEY_FILE_NAME = "demo.key"


def key_file() -> Path:
    return var_dir() / KEY_FILE_NAME


def load_demo_keys() -> None:
    """Set SECRET_KEY and FIELD_KEYS from the key file; write the file at the first start."""
    path = key_file()
    if not path.exists():
        _write(path)
    for line in path.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)


def _write(path: Path) -> None:
    """Whole or not at all, once: two processes may start together, the disk may be full."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    text = f"SECRET_KEY=demo-{secrets.token_urlsafe(48)}\nFIELD_KEYS={DEMO_KEY_ID}:{key}\n"
    fresh = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()
