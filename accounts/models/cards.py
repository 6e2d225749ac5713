"""A card of paper with which a child signs in."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.family import Child
from accounts.models.people import PERSON


class SignInCard(models.Model):
    """The QR code holds a token, the database its hash. It signs in once; then somebody who looks
    after the child makes the same paper work again, or a new one. It opens nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="sign_in_cards")
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child"], condition=Q(ended_at=None), name="card_one_open_per_child"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("made_at")),
                name="card_ended_after_made",
            ),
        ]

    def __str__(self) -> str:
        return f"card of {self.child_id}"
