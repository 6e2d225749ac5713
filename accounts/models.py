"""People and how they are related. Power comes from a relation, never from a role's name."""

import uuid
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.encryption import EncryptedTextField
from core.models import DataKey

PERSON = "accounts.User"


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, username: str, password: str | None = None, *, email: str = "", **fields: Any
    ) -> "User":
        user = self.model(username=username, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


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

    def __str__(self) -> str:
        return self.display_name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Role(models.TextChoices):
    THERAPIST = "therapist", _("Therapist")
    MODERATOR = "moderator", _("Moderator")
    MANAGER = "manager", _("Practice manager")
    SAFEGUARDING_LEAD = "lead", _("Safeguarding lead")


class DatedQuerySet(models.QuerySet[Any]):
    """Relations that start and may end; `current()` is the only word pages use."""

    def current(self) -> "DatedQuerySet":
        now = timezone.now()
        return self.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=now), started_at__lte=now)


class DatedRelation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True


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


class Child(models.Model):
    """A child in care here. The sign-in is `user`; the guardian may create it later."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(PERSON, on_delete=models.PROTECT, related_name="child")
    birth_date = models.DateField()
    # Where the child usually lives (ISO 3166); decides rules of consent and offered therapists.
    place = models.CharField(max_length=6)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "children"

    def __str__(self) -> str:
        return self.user.display_name

    def age_on(self, day: date) -> int:
        """Whole years on `day`, a date in the child's own zone."""
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (0 if had_birthday else 1)

    @property
    def age(self) -> int:
        return self.age_on(timezone.now().astimezone(self.user.zone).date())


class Relation(models.TextChoices):
    PARENT = "parent", _("Parent")
    STEP_PARENT = "step_parent", _("Step-parent")
    GRANDPARENT = "grandparent", _("Grandparent")
    FOSTER = "foster", _("Foster carer")
    LEGAL_GUARDIAN = "legal_guardian", _("Legal guardian")


class Scope(models.TextChoices):
    """What a guardian may do for one child."""

    BOOK = "book", _("Book and change appointments")
    CONSENT = "consent", _("Give consent")
    SUMMARIES = "summaries", _("See shared summaries")
    MESSAGE = "message", _("Write to the care team")
    JOIN = "join", _("Join sessions")


# A plain list to migrations, which must not import this module.
every_scope: Callable[[], list[str]] = partial(list, Scope.values)


class GuardianLink(DatedRelation):
    """One adult's dated authority for one child, with what it covers."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="guardian_links")
    guardian = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="guardian_links")
    relation = models.CharField(max_length=14, choices=Relation)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope), default=every_scope)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "guardian"], condition=Q(ended_at=None), name="guardian_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian_id} for {self.child_id}"


class CareTeamMembership(DatedRelation):
    """A therapist looks after a child; any other therapist is a stranger to the child."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="care_team")
    therapist = models.ForeignKey(Therapist, on_delete=models.PROTECT, related_name="caseload")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "therapist"], condition=Q(ended_at=None), name="care_team_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapist_id} for {self.child_id}"


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
