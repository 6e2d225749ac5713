"""Who did it: a person or a named part of the system. Never nobody."""

from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A part of Lantern that acts without a person, e.g. `SystemActor("reminders")`."""

    name: str


Actor = AbstractBaseUser | SystemActor
