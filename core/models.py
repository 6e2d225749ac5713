"""Tables under everything: data keys, and the heartbeat of the background processes."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone


class DataKey(models.Model):
    """The key that seals one child's records, itself sealed by a key from the environment.

    Erasing a child is `shred`ding this row: no record of theirs in this database, in its history or
    in a dump made from now on can be opened again. A dump made *before* still holds the wrapped
    key: it must not outlive the clinic's time for backups.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = models.BinaryField(max_length=128)
    wrapping_key_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    shredded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="shredded_key_is_empty",
                condition=Q(shredded_at__isnull=True) | Q(wrapped=b""),
            ),
        ]

    def __str__(self) -> str:
        return f"data key {self.pk}"


class Heartbeat(models.Model):
    """When a background process last proved that it is alive (see /readyz)."""

    name = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
