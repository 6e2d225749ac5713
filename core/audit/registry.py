"""A seam for the app that knows roles: it says which ones a person holds right now."""

from collections.abc import Callable, Sequence

from django.contrib.auth.base_user import AbstractBaseUser

RoleSnapshot = Callable[[AbstractBaseUser], Sequence[str]]


def _no_roles(_person: AbstractBaseUser) -> Sequence[str]:
    return ()


_snapshot: list[RoleSnapshot] = [_no_roles]


def set_role_snapshot(fn: RoleSnapshot) -> None:
    """Called once by accounts' AppConfig.ready; `fn(person)` answers with role codes."""
    _snapshot[0] = fn


def role_snapshot(person: AbstractBaseUser) -> list[str]:
    """Role codes of this person at this moment, sorted so that equal sets hash alike."""
    return sorted(_snapshot[0](person))
