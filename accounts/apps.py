from typing import Any, cast

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People, family links, consent"

    def ready(self) -> None:
        from accounts import holdings, notices
        from accounts.sign_in import roles_when_acting
        from core.audit.registry import RoleSnapshot, set_role_snapshot

        set_role_snapshot(cast("RoleSnapshot", roles_when_acting))
        notices.register_kinds()
        holdings.register_all()
        post_migrate.connect(_load_documents, sender=self)


def _load_documents(**_kwargs: Any) -> None:
    """After each migrate (and each flush of a test) the texts to sign and the rules are there."""
    from accounts.documents import load_documents, load_rules

    load_documents()
    load_rules()
