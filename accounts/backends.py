"""Who is signing in: allauth's backend, which looks each name up once."""

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.models import User
from core.prepared import PERSON, Prepared

_PERSON = Prepared(lambda: User.objects.filter(pk=PERSON))


class OneLook(AuthenticationBackend):  # type: ignore[misc]
    def authenticate(
        self, request: HttpRequest | None, **credentials: Any
    ) -> AbstractBaseUser | None:
        """An address is not tried as a username as well: hashing twice told by its time whether
        somebody here has it.
        """
        if credentials.get("email"):
            credentials.pop("username", None)
        found: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return found

    def get_user(self, user_id: UUID) -> User | None:
        """Asked on every page."""
        found = _PERSON.rows({PERSON: user_id})
        return found[0] if found and self.user_can_authenticate(found[0]) else None
