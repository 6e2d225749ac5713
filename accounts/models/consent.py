"""What was signed, by whom, before which words; and the child's own answer."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.family import Child, GuardianLink, Relation
from accounts.models.people import PERSON
from core.encryption import EncryptedTextField


class ConsentKind(models.TextChoices):
    """Each is asked for by itself, never bundled (SAFETY.md)."""

    TELEHEALTH = "telehealth", _("Online sessions")
    PEER_GROUPS = "peer_groups", _("Peer groups")
    MESSAGING = "messaging", _("Messages")
    RECORDING = "recording", _("Recording")
    SHARING = "sharing", _("Sharing with others")


class ReadingLevel(models.TextChoices):
    """The same promise for three readers; only the first is signed with a typed name."""

    ADULT = "adult", _("For signing")
    TEEN = "teen", _("From 12 on")
    CHILD = "child", _("From 7 on")


class ConsentDocument(models.Model):
    """One immutable version of a text that is signed; a new wording is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=ConsentKind)
    # Where only this text may be signed (ISO 3166); "" where no text of its own is published.
    place = models.CharField(max_length=6, blank=True, default="")
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=8, default="en")
    level = models.CharField(max_length=5, choices=ReadingLevel, default=ReadingLevel.ADULT)
    title = models.CharField(max_length=120)
    body = models.TextField()  # Markdown, no HTML
    # a list of objects with question, answers (list of str), right (index), why
    comprehension = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64)
    # A typographical change does not ask families to sign again.
    substantive = models.BooleanField(default=True)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "place", "version", "language", "level"],
                name="consent_document_version",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.place} v{self.version} {self.language} {self.level}"


class ConsentRule(models.Model):
    """One dated row of law, as somebody read it. What it means is `accounts.consent_rules`.

    Loaded from `accounts/documents/rules.json`; ages in whole years.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    place = models.CharField(max_length=6, blank=True)
    kind = models.CharField(max_length=12, choices=ConsentKind, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    own_age = models.PositiveSmallIntegerField(null=True, blank=True)
    guardian_until = models.PositiveSmallIntegerField(default=18)
    all_guardians = models.BooleanField(default=True)
    review_from = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.TextField()
    note = models.TextField(blank=True)
    reviewer = models.CharField(max_length=120)
    # None: nobody has checked it, and the strictest rule holds.
    verified_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["place", "kind", "valid_from"], name="consent_rule_once_per_start"
            ),
            # Nobody is left out: below the own age there is always a guardian.
            models.CheckConstraint(
                condition=Q(guardian_until__gte=F("own_age"))
                | Q(own_age=None, guardian_until__gte=18),
                name="consent_rule_somebody_signs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place or 'everywhere'} {self.kind} from {self.valid_from}"


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


class SignedAs(models.TextChoices):
    """Beside the relations of guardians: the young person who signs for themselves."""

    SELF = "self", _("Myself")


class ConsentSignature(models.Model):
    """One version signed for one child, with the evidence an inspector asks for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(ConsentDocument, on_delete=models.PROTECT)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="consent_signatures")
    signer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    # The evidence of authority; none where the young person signs.
    link = models.ForeignKey(GuardianLink, null=True, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=14, choices=[*Relation.choices, *SignedAs.choices])
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
            models.CheckConstraint(
                condition=Q(link=None, relation=SignedAs.SELF)
                | (Q(link__isnull=False) & ~Q(relation=SignedAs.SELF)),
                name="consent_by_authority",
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


class MatterKind(models.TextChoices):
    REVIEW = "review", _("Look at an agreement")
    DISPUTE = "dispute", _("Parents or carers do not agree")


class Decision(models.TextChoices):
    GOES_ON = "goes_on", _("It can go on")
    WITH_GUARDIAN = "with_guardian", _("A parent or carer signs as well")
    STOPS = "stops", _("It cannot go on now")


class ConsentMatter(models.Model):
    """Something about a child's consent that a clinician has to decide, with a reason.

    A review is asked for by a rule; a dispute begins when one of several guardians says no. Their
    words are for the care team and the safeguarding lead, never for the other guardian.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="consent_matters")
    kind = models.CharField(max_length=12, choices=ConsentKind)
    what = models.CharField(max_length=7, choices=MatterKind)
    # Why a review is asked for (accounts.consent_rules.Reason): it holds for these and no others.
    covers = ArrayField(models.CharField(max_length=10), default=list)
    raised_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    words = EncryptedTextField(null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    decision = models.CharField(max_length=13, choices=Decision, blank=True, default="")
    reason = EncryptedTextField(null=True)
    decided_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "kind", "what", "raised_by"],
                condition=Q(decided_at=None),
                nulls_distinct=False,
                name="consent_matter_one_open",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, decision="", reason__isnull=True)
                | (
                    Q(decided_at__isnull=False, decided_by__isnull=False, reason__isnull=False)
                    & ~Q(decision="")
                ),
                name="consent_matter_decided_with_reason",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="as_decided",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=unless_only(
                    "decision", "reason", "decided_by_id", "decided_at", once="decided_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} about {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id


class Passage(models.TextChoices):
    """Birthdays after which other people decide, or are asked in other words."""

    FULLER = "fuller", _("12: the fuller form")
    OWN = "own", _("Old enough to sign where they live")
    ADULT = "adult", _("18")


class ComingOfAge(models.Model):
    """A birthday that has been dealt with: once per child, however often the task runs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="coming_of_age")
    passage = models.CharField(max_length=6, choices=Passage)
    day = models.DateField()
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["child", "passage"], name="coming_of_age_once"),
        ]

    def __str__(self) -> str:
        return f"{self.passage} of {self.child_id}"
