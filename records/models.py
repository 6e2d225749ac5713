"""Copies of a record, its erasure, the rules and holds that stand against it, nightly reports."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PERSON, Child
from core.encryption import EncryptedBytesField, EncryptedTextField
from core.registry import Part


class CopyState(models.TextChoices):
    WAITING = "waiting", _("Being made")
    READY = "ready", _("Ready")
    TAKEN = "taken", _("Taken")
    EXPIRED = "expired", _("No longer there")
    FAILED = "failed", _("Did not work")


OPEN_COPIES = (CopyState.WAITING, CopyState.READY)


class RecordCopy(models.Model):
    """One copy of a child's record for one person: asked for, built, fetched once, gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="copies")
    asked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=9, choices=[(part.value, part.value) for part in Part])
    # What was kept from this reader when it was built: if that changed, it is built anew.
    hidden = models.JSONField(default=list)
    state = models.CharField(max_length=7, choices=CopyState, default=CopyState.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["child", "asked_by"],
                condition=Q(state__in=["waiting", "ready"]),
                name="copy_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(expires_at__isnull=False),
                name="copy_ready_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} copy of {self.child_id}"

    @property
    def is_over(self) -> bool:
        """Ready once, and waited too long."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class CopyFile(models.Model):
    """The zip while it waits, sealed by the child's key. A table of its own: lists stay light."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    copy = models.OneToOneField(RecordCopy, on_delete=models.CASCADE, related_name="file")
    content = EncryptedBytesField()

    def __str__(self) -> str:
        return f"file of {self.copy_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.copy.child.data_key_id


class RetentionRule(models.Model):
    """How long something is kept: the longest of what a row says, from `valid_from` on.

    Rows come from records/data/retention.json. `place` is ISO 3166; "" is for every other place.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    category = models.CharField(max_length=12)
    place = models.CharField(max_length=6, blank=True)
    until_age = models.PositiveSmallIntegerField(null=True, blank=True)
    # Some laws keep a year longer what ended only just before adulthood.
    until_age_if_seen_at_17 = models.PositiveSmallIntegerField(null=True, blank=True)
    years_after_last_contact = models.PositiveSmallIntegerField(null=True, blank=True)
    # For what is about nobody's care: messages, used invitations.
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=300)
    reviewer = models.CharField(max_length=80, blank=True)
    verified_on = models.DateField(null=True, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["category", "place", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "place", "valid_from"], name="retention_once_per_start"
            ),
            models.CheckConstraint(
                condition=Q(until_age__isnull=False)
                | Q(years_after_last_contact__isnull=False)
                | Q(days__isnull=False),
                name="retention_says_how_long",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.place or 'elsewhere'} from {self.valid_from}"


class LegalHold(models.Model):
    """While one is open nothing of this child is erased, whatever else was asked or is due."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="legal_holds")
    reason = EncryptedTextField(max_length=600)
    placed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-placed_at"]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"hold on {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id


class ErasureState(models.TextChoices):
    ASKED = "asked", _("Asked for")
    APPROVED = "approved", _("Looked at")
    CONFIRMED = "confirmed", _("Under way")
    PARTLY = "partly", _("Done, but for what must be kept")
    DONE = "done", _("Everything is erased")
    DECLINED = "declined", _("Not done")


OPEN_ERASURE = (ErasureState.ASKED, ErasureState.APPROVED, ErasureState.CONFIRMED)


class Erasure(models.Model):
    """What was asked, decided and done. No foreign keys: it outlives whom it was about."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child_id = models.UUIDField()
    asked_by = models.UUIDField(null=True, blank=True)  # nobody: its time had come
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=ErasureState, default=ErasureState.ASKED)
    approved_by = models.UUIDField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.UUIDField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    declined_by = models.UUIDField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    # How many rows went and stayed, by holding; until when what stayed is kept, by category.
    erased = models.JSONField(default=dict)
    kept = models.JSONField(default=dict)
    key_shredded_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["child_id"],
                condition=Q(state__in=["asked", "approved", "confirmed", "partly"]),
                name="erasure_one_open",
            ),
            # Nothing is erased after one press: somebody looked, and then somebody said so again.
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "partly", "done"])
                | Q(approved_at__isnull=False, confirmed_at__isnull=False)
                | Q(asked_by__isnull=True),
                name="erasure_takes_two_steps",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.child_id}"


class NightlyReport(models.Model):
    """What one night's purge removed: counts by kind, never a name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    day = models.DateField(unique=True)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"night of {self.day}"
