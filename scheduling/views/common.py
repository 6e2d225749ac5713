"""What the doors of this app share."""

from django.http import HttpRequest

from accounts.models import User
from core.errors import NotVisible


def person(request: HttpRequest) -> User:
    """The signed-in person; behind `login_required` there always is one."""
    if not isinstance(request.user, User):
        raise NotVisible
    return request.user
