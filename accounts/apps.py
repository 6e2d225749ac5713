from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People, family links, consent"

    def ready(self) -> None:
        from accounts import notices
        from accounts.access import roles_of
        from core.audit.registry import set_role_snapshot

        set_role_snapshot(roles_of)
        notices.register_kinds()
        post_migrate.connect(_load_documents, sender=self)
        user_logged_out.connect(_close_sockets)


def _load_documents(**_kwargs: Any) -> None:
    """After each migrate (and each flush of a test) the texts to sign are there."""
    from accounts.documents import load_documents

    load_documents()


def _close_sockets(user: Any = None, **_kwargs: Any) -> None:
    """Django's own event of signing out: a socket must not outlive it."""
    from accounts.broadcast import access_revoked

    if user is not None:
        access_revoked([user.pk], user.pk)
