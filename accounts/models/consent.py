"""What was signed, by whom, before which words; and the child's own answer."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.family import Child, GuardianLink, Relation
from accounts.models.people import PERSON
from core.encryption import EncryptedTextField


class ConsentKind(models.TextChoices):
    TELEHEALTH = "telehealth", _("Online sessions")


class ConsentDocument(models.Model):
    """One immutable version of a text that is signed; a new wording is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=ConsentKind)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=8, default="en")
    title = models.CharField(max_length=120)
    body = models.TextField()  # Markdown, no HTML
    child_body = models.TextField()  # the same promise in a child's words, for the assent page
    # a list of objects with question, answers (list of str), right (index), why
    comprehension = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64)
    # A typographical change does not ask families to sign again.
    substantive = models.BooleanField(default=True)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "version", "language"], name="consent_document_version"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version} {self.language}"


def unless_only(*columns: str, once: str = "") -> str:
    """A trigger's body: an update may change these columns only, and none after `once` is set."""
    names = "{" + ",".join(columns) + "}"
    settled = f"OLD.{once} IS NOT NULL OR " if once else ""
    return f"""
        IF {settled}(to_jsonb(OLD) - '{names}'::text[])
            IS DISTINCT FROM (to_jsonb(NEW) - '{names}'::text[])
        THEN
            RAISE EXCEPTION 'what was signed or answered stays as it was';
        END IF;
        RETURN NEW;
    """


class ConsentSignature(models.Model):
    """A guardian signed one version for one child, with the evidence an inspector asks for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(ConsentDocument, on_delete=models.PROTECT)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="consent_signatures")
    signer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(GuardianLink, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=14, choices=Relation)
    typed_name = EncryptedTextField()
    text_shown = models.TextField()
    sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    method = models.CharField(max_length=20, default="typed_name")
    answers = models.JSONField(default=list)
    ip_truncated = models.GenericIPAddressField(null=True)
    signed_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "child", "signer"],
                condition=Q(withdrawn_at=None),
                name="consent_once_per_signer",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("signed_at")),
                name="consent_withdrawn_after_signed",
            ),
        ]
        # What was signed stays as it was signed; it can be taken back, once.
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="as_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=unless_only("withdrawn_at", "withdrawn_by_id", once="withdrawn_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} for {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id


class AssentAnswer(models.TextChoices):
    YES = "yes", _("Yes")
    NOT_NOW = "not_now", _("Not now")
    QUESTION = "question", _("I have a question")


class Assent(models.Model):
    """The child's own answer. The newest row counts; "not now" is never a fault."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="assents")
    document = models.ForeignKey(ConsentDocument, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=10, choices=AssentAnswer)
    question = EncryptedTextField(null=True)
    reply = EncryptedTextField(null=True)
    replied_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["child", "-answered_at"], name="assent_newest")]
        # A child's answer is never changed for it: another answer is another row.
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="as_answered",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=unless_only("reply", "replied_by_id"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer} by {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id
