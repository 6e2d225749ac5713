"""`manage.py access_table`: every door with its row; fails where one is missing.

`--write` brings README.md and docs/WHO_CAN_SEE_WHAT.md up to date, as one does with a lock file.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.doors import doors
from telehealth import access_table


class Command(BaseCommand):
    help = "Print who may come in at every address, message and task."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--markdown", action="store_true", help="as tables for a page")
        parser.add_argument("--write", action="store_true", help="put it into README and docs")

    def handle(self, *args: Any, **options: Any) -> None:
        if wrong := access_table.gaps():
            raise CommandError("\n".join(wrong), returncode=1)
        rows = doors()
        if options["write"]:
            for path, content in access_table.files(rows).items():
                path.write_text(content, encoding="utf-8")
                self.stdout.write(f"{path.relative_to(access_table.ROOT)} is up to date.")
            return
        show = access_table.markdown if options["markdown"] else access_table.text
        self.stdout.write(show(rows))
