"""`manage.py audit_verify`: does the audit trail still fit together?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.audit import chain


class Command(BaseCommand):
    help = "Check the hash chain of the audit trail and name the first row that does not fit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="SEQ:HASH",
            help="a head printed by an earlier run and kept elsewhere; may be given several times",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        verdict = chain.verify(chain.stored_anchors() | _anchors(options["anchor"]))
        if verdict.broken is not None:
            broken = verdict.broken
            raise CommandError(
                f"The audit trail breaks at row seq={broken.seq} id={broken.id}: {broken.reason}."
                f" {verdict.rows} rows before it are sound."
            )
        self.stdout.write(f"{verdict.rows} rows are sound. Keep this head outside the database:")
        self.stdout.write(f"{verdict.rows}:{verdict.head.hex()}")


def _anchors(texts: list[str]) -> dict[int, bytes]:
    try:
        pairs = (text.split(":", 1) for text in texts)
        return {int(seq): bytes.fromhex(value) for seq, value in pairs}
    except ValueError as exc:
        raise CommandError("An anchor looks like SEQ:HASH, as printed by an earlier run.") from exc
