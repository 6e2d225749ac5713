"""Who comes to belong to a child, and what says who may decide."""

import uuid
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.family import Child, Custody, Relation, Scope
from accounts.models.people import PERSON
from core.encryption.fields import EncryptedBytesField, EncryptedTextField


class FamilyInvitation(models.Model):
    """A single-use, expiring way to a child for one address. Only the token's hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    relation = models.CharField(max_length=14, choices=Relation)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    invited_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"to {self.child_id} until {self.expires_at:%Y-%m-%d}"


class CustodyDecision(models.Model):
    """Who may decide, as the care team set it, and why. The newest row is what `Child` says."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="custody_decisions")
    custody = models.CharField(max_length=5, choices=Custody)
    reason = EncryptedTextField()
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.custody} for {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id


class FileKind(models.TextChoices):
    """What an order may be, told by its first bytes, never by its name."""

    PDF = "application/pdf", _("PDF")
    JPEG = "image/jpeg", _("Picture (JPEG)")
    PNG = "image/png", _("Picture (PNG)")


class CourtOrder(models.Model):
    """A court's paper, sealed with the child's key. It counts between its dates, both included."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="court_orders")
    content = EncryptedBytesField()
    kind = models.CharField(max_length=15, choices=FileKind)
    size = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    uploaded_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=models.F("valid_from")),
                name="court_order_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id

    def counts_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    @property
    def extension(self) -> str:
        return {FileKind.PDF: "pdf", FileKind.JPEG: "jpg"}.get(FileKind(self.kind), "png")

    @property
    def is_in_force(self) -> bool:
        """By the date where the child is."""
        return self.counts_on(self.child.today)
