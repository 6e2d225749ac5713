"""The demo's own secrets: made once, kept under var/, refused by production settings."""

import base64
import os
import secrets
from pathlib import Path

from telehealth.embedded.environment import var_dir

DEMO_KEY_ID = "demo-only"


def key_file() -> Path:
    return var_dir() / "demo.key"


def load_demo_keys() -> None:
    """Set SECRET_KEY and FIELD_KEYS from the key file; write the file at the first start."""
    path = key_file()
    if not path.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        text = f"SECRET_KEY=demo-{secrets.token_urlsafe(48)}\nFIELD_KEYS={DEMO_KEY_ID}:{key}\n"
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)
    for line in path.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)
