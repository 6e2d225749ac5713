"""`manage.py rewrap_keys`: second step of changing the key encryption key.

1. Put the new key first in FIELD_KEYS, keep the old one behind it, restart.
2. Run this. 3. Take the old key out of FIELD_KEYS, restart.
"""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from core.encryption import rewrap
from core.models import DataKey


class Command(BaseCommand):
    help = "Wrap every data key by the first key of FIELD_KEYS. Safe to run again."

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = 0
        for pk in DataKey.objects.values_list("pk", flat=True).iterator():
            with transaction.atomic():
                # locked, or a shredding at the same moment would be undone by our save
                done += rewrap(DataKey.objects.select_for_update().get(pk=pk))
        self.stdout.write(f"{done} data keys wrapped anew.")
