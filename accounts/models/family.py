"""A child, and the dated relations of others to it."""

import uuid
from collections.abc import Callable
from datetime import date, datetime
from functools import partial

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.consent_rules import age_on
from accounts.models.dated import DatedRelation
from accounts.models.people import PERSON
from accounts.models.staff import Therapist
from core.encryption.fields import EncryptedTextField
from core.models import DataKey
from core.timezones import from_wall

ADULT = 18


class Custody(models.TextChoices):
    """Who may decide for a child: one guardian, only all of them, or as a court has ordered."""

    ONE = "one", _("One parent or carer can decide")
    BOTH = "both", _("Both decide together")
    COURT = "court", _("A court has decided")


class Child(models.Model):
    """A child in care here. The sign-in is `user`; the guardian may create it later."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(PERSON, on_delete=models.PROTECT, related_name="child")
    birth_date = models.DateField()
    # Where the child usually lives (ISO 3166); decides rules of consent and offered therapists.
    place = models.CharField(max_length=6)
    custody = models.CharField(max_length=5, choices=Custody, default=Custody.ONE)
    # The first instant of the 18th birthday where the child lives. Stored, so that the access rule
    # itself ends a guardian's access then, however late a nightly task is.
    adult_at = models.DateTimeField(editable=False)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "children"
        triggers = [
            pgtrigger.Trigger(
                name="sign_in_has_no_address",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("user_id"),  # type: ignore[no-untyped-call]
                func="""
    IF EXISTS (SELECT 1 FROM accounts_user WHERE id = NEW.user_id AND email <> '')
        OR EXISTS (SELECT 1 FROM account_emailaddress WHERE user_id = NEW.user_id)
    THEN
        RAISE EXCEPTION 'a child has no e-mail address';
    END IF;
    RETURN NEW;
""",
            ),
        ]

    def __str__(self) -> str:
        return self.user.display_name

    def age_on(self, day: date) -> int:
        """Whole years on `day`, a date in the child's own zone."""
        return age_on(self.birth_date, day)

    @property
    def today(self) -> date:
        return timezone.now().astimezone(self.user.zone).date()

    @property
    def age(self) -> int:
        return self.age_on(self.today)

    def birthday(self, years: int) -> date:
        """The first day on which `age_on` says `years`: 1 March for a child of 29 February."""
        year = self.birth_date.year + years
        try:
            return self.birth_date.replace(year=year)
        except ValueError:
            return date(year, 3, 1)

    def becomes(self, years: int) -> datetime:
        """The instant that birthday begins by the clock where the child is."""
        return from_wall(self.birthday(years), 0, self.user.zone)

    def keep_adult_at(self) -> None:
        """To be called, and saved, whenever the birth date or the child's zone changes."""
        self.adult_at = self.becomes(ADULT)


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
    # Where one guardian decides, who invited another may end that link again.
    invited_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The care team's, when it ended the link; nobody of the family reads it.
    end_reason = EncryptedTextField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "guardian"], condition=Q(ended_at=None), name="guardian_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian_id} for {self.child_id}"

    def encryption_key_id(self) -> uuid.UUID:
        return self.child.data_key_id

    @property
    def scope_words(self) -> list[str]:
        return [str(Scope(scope).label) for scope in Scope.values if scope in self.scopes]


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
