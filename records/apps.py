from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "Who looked, copies of a record, erasure"

    def ready(self) -> None:
        from records import holdings, notices

        holdings.register_all()
        notices.register_kinds()
        post_migrate.connect(_load_rules, sender=self)


def _load_rules(**_kwargs: Any) -> None:
    """After each migrate (and each flush of a test) the rules of retention are there."""
    from records.retention import load_rules

    load_rules()
