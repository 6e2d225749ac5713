"""Who works here, in which role, and where they may practise."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.dated import DatedRelation
from accounts.models.people import PERSON


class Role(models.TextChoices):
    THERAPIST = "therapist", _("Therapist")
    MODERATOR = "moderator", _("Moderator")
    MANAGER = "manager", _("Practice manager")
    SAFEGUARDING_LEAD = "lead", _("Safeguarding lead")


class StaffMembership(DatedRelation):
    """A person works here in one role; a person may hold several."""

    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="staff_memberships")
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=Q(ended_at=None), name="staff_one_open_per_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"


class Therapist(models.Model):
    """What families read about a therapist before they choose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(PERSON, on_delete=models.PROTECT, related_name="therapist")
    title = models.CharField(max_length=80)
    about = models.TextField(max_length=600, blank=True)

    def __str__(self) -> str:
        return self.user.display_name


class Licence(models.Model):
    """A place ("GB", "US-NY": ISO 3166) where a therapist may practise, and until when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    therapist = models.ForeignKey(Therapist, on_delete=models.CASCADE, related_name="licences")
    place = models.CharField(max_length=6)
    number = models.CharField(max_length=40, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["therapist", "place", "valid_from"], name="licence_once_per_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.therapist_id}"


class Invitation(models.Model):
    """A single-use, expiring way in for staff. Only a hash of the link's token is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role)
    invited_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.role} until {self.expires_at:%Y-%m-%d}"
