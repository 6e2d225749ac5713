"""What safety asks for beside the ordinary rules: break-glass, and a guardian who is a risk."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.dated import DatedRelation
from accounts.models.family import Child
from accounts.models.people import PERSON
from core.encryption.fields import EncryptedTextField


class BreakGlass(DatedRelation):
    """A therapist who is not on the care team reads a record for some hours, and says why."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="break_glass")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField()
    # The family reads of it among who looked, unless the lead keeps it back for safety.
    withheld = models.BooleanField(default=False)
    seen_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__isnull=False), name="break_glass_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} for {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id

    @property
    def is_open(self) -> bool:
        return self.ended_at is not None and self.ended_at > timezone.now()


class Topic(models.TextChoices):
    """What can be kept from one guardian. Other apps ask by these words (core.registry.Reader)."""

    ALERTS = "alerts", _("Alerts")
    NOTES = "notes", _("Notes, and who read them")
    ADDRESS = "address", _("Where the child is")
    CASE = "case", _("That the clinic is looking into something")


class RiskFlag(DatedRelation):
    """A clinician keeps topics from one guardian for the child's safety.

    It holds at once. A second clinician looks at it within a day; until then it is listed to the
    lead, and it holds also when nobody did.
    """

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="risk_flags")
    guardian = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    hides = ArrayField(models.CharField(max_length=7, choices=Topic))
    # The child's clock as this person knew it. They go on reading that one when the child moves:
    # a clock that changed, or one that is missing, would both tell.
    zone_shown = models.CharField(max_length=64)
    reason = EncryptedTextField()
    set_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    review_due_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "guardian"], condition=Q(ended_at=None), name="risk_flag_one_open"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=models.F("set_by")),
                name="risk_flag_two_clinicians",
            ),
        ]

    def __str__(self) -> str:
        return f"flag for {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id

    @property
    def is_overdue(self) -> bool:
        return self.reviewed_at is None and self.review_due_at <= timezone.now()

    @property
    def hidden_words(self) -> list[str]:
        return [str(Topic(topic).label) for topic in self.hides]
