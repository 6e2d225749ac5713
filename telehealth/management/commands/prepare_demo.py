"""Everything the demo needs before its processes start, in one process: a later start is quick.

Tables, static files (only when one changed) and the clinic itself.
"""

import hashlib
import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from telehealth.embedded.progress import step


class Command(BaseCommand):
    help = "Bring tables, static files and the demo clinic up to date (idempotent)."
    requires_system_checks = []  # migrate runs them

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = io.StringIO()
        step(
            "Bringing the tables up to date",
            lambda: call_command("migrate", interactive=False, verbosity=0),
        )
        step("Gathering static files", gather_static)
        step("Filling the demo clinic", lambda: call_command("load_demo", stdout=quiet))


def gather_static() -> None:
    """Hashing and compressing them takes seconds, looking whether one changed does not."""
    stamp = Path(settings.STATIC_ROOT).with_suffix(".stamp")
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)


def _fingerprint() -> str:
    """Of every file to gather: name, size and time; and of the packages that bring their own."""
    digest = hashlib.sha256((settings.BASE_DIR / "requirements" / "base.txt").read_bytes())
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            found = path.stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
