"""Anyone who signs in."""

import uuid
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PERSON = "accounts.User"


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, username: str, password: str | None = None, *, email: str = "", **fields: Any
    ) -> "User":
        user = self.model(username=username, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


# A child's sign-in shares no address with a guardian because it has none, whoever writes the row.
# (The table of allauth's addresses has the same trigger, made in 0004.)
_NO_ADDRESS = """
    IF EXISTS (SELECT 1 FROM accounts_child WHERE user_id = NEW.id) THEN
        RAISE EXCEPTION 'a child has no e-mail address';
    END IF;
    RETURN NEW;
"""


class Theme(models.TextChoices):
    AUTO = "auto", _("Same as this device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractBaseUser, PermissionsMixin):
    """Anyone who signs in. A child has a username and never an e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=60, unique=True)
    email = models.EmailField(blank=True)
    # What others read: a first or chosen name, never a surname.
    display_name = models.CharField(max_length=40)
    time_zone = models.CharField(max_length=64, default="Europe/London")
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    # Minutes of the day in the person's own zone; both null means no quiet hours.
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True, default=21 * 60)
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True, default=7 * 60)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=~Q(email=""), name="user_email_unique_when_given"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="child_has_no_address",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("email"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(new__email__gt=""),
                func=_NO_ADDRESS,
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
