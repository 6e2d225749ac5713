"""People for the ground's own stories. They need only an account, not the upper apps' actions."""

from typing import Any

import hypothesis
import pytest
from django.contrib.auth import get_user_model

from core import realtime
from core.encryption import forget_keys

# Two cores shared by many: a slow example says nothing about the code.
hypothesis.settings.register_profile("lantern", deadline=None)
hypothesis.settings.load_profile("lantern")


def person(username: str, **fields: Any) -> Any:
    fields.setdefault("display_name", username.title())
    fields.setdefault("email", f"{username}@example.org")
    fields.setdefault("quiet_from", None)
    fields.setdefault("quiet_until", None)
    return get_user_model().objects.create(username=username, **fields)


@pytest.fixture
def maria(db: None) -> Any:
    return person("maria")


@pytest.fixture
def olga(db: None) -> Any:
    """The stranger."""
    return person("olga")


@pytest.fixture(autouse=True)
def no_memory() -> None:
    """Keys and resting bells live in the process: no test may see another's."""
    forget_keys()
    realtime.layer_breaker.reset()
    realtime.broker_breaker.reset()
