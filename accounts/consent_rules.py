"""Who must say yes before something is done for a child, and why. Pure: facts in, signers out.

Law is data: dated rows with their source (`accounts/documents/rules.json`, table `ConsentRule`).
A place, a kind or a day without a row that somebody has checked is asked the most: every guardian,
the child, and a clinician who looks at it (SAFETY.md, Consent and assent).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

ASSENT_FROM_AGE = 7  # SAFETY.md
FULLER_FROM_AGE = 12  # the fuller form of the child's page
NOTHING_BEFORE_AGE = 13  # COPPA: below it nothing is collected before a guardian's consent
ADULT = 18
ALWAYS = 0  # an age: from birth on


def age_on(birth_date: date, day: date) -> int:
    """Whole years on `day`, a date in the child's own zone."""
    before = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before


class Who(TextChoices):
    GUARDIAN = "guardian", _("A parent or carer signs")
    GUARDIANS = "guardians", _("Every parent or carer who may decide signs")
    CHILD_SIGNS = "child_signs", _("The young person signs")
    CHILD_AGREES = "assent", _("The child is asked")
    CLINICIAN = "clinician", _("A clinician looks at it")


class Reason(TextChoices):
    UNDER_AGE = "under_age", _("Below the age at which young people decide alone there")
    TOGETHER = "together", _("The parents decide together")
    ALL_THERE = "all_there", _("The law there asks everybody who has custody")
    COURT = "court", _("A court has decided who may")
    NO_ORDER = "no_order", _("A court has decided, and no paper of it counts now")
    OWN_AGE = "own_age", _("Old enough to decide there")
    GROWN_UP = "adult", _("18 or older")
    ASKED = "asked", _("Every child is asked from 7 on")
    MATURITY = "maturity", _("The law there asks a professional whether it is understood")
    UNKNOWN = "unknown", _("Nobody has checked the law there for this")


@dataclass(frozen=True, slots=True)
class Signer:
    who: Who
    reason: Reason

    @property
    def person(self) -> str:
        """Whose yes it is, in whatever form."""
        return {
            Who.GUARDIAN: "guardian",
            Who.GUARDIANS: "guardian",
            Who.CHILD_SIGNS: "child",
            Who.CHILD_AGREES: "child",
            Who.CLINICIAN: "clinician",
        }[self.who]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask about a child. `custody`: "one", "both", "court"; `order`: one counts."""

    birth_date: date
    custody: str
    order: bool = True

    def age_on(self, day: date) -> int:
        return age_on(self.birth_date, day)


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated row. `place`: exact ISO code; `kind`: "" for every kind. Ages in whole years."""

    place: str
    kind: str
    valid_from: date
    valid_until: date | None
    own_age: int | None  # from here on the young person signs; None: not before 18
    guardian_until: int  # below it guardians sign
    all_guardians: bool  # everybody who may decide, also where one alone does so elsewhere
    review_from: int | None  # from here on a clinician looks at it; None: never
    verified_on: date | None

    def covers(self, place: str, kind: str, day: date) -> bool:
        in_time = self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        return in_time and self.place == place and self.kind in {"", kind}


FAIL_CLOSED = Rule(
    place="",
    kind="",
    valid_from=date.min,
    valid_until=None,
    own_age=None,
    guardian_until=ADULT,
    all_guardians=True,
    review_from=ALWAYS,
    verified_on=None,
)


def rule_for(rules: Iterable[Rule], place: str, kind: str, day: date) -> Rule:
    """The newest checked row for exactly this; a region without a row of its own has none.

    FAIL_CLOSED where nothing fits or where nobody has verified what fits.
    """
    fitting = [rule for rule in rules if place and rule.covers(place, kind, day)]
    best = max(fitting, key=lambda rule: (rule.kind == kind, rule.valid_from), default=FAIL_CLOSED)
    return best if best.verified_on is not None else FAIL_CLOSED


def who_must_sign(
    child: Facts, place: str, kind: str, day: date, rules: Iterable[Rule]
) -> tuple[Signer, ...]:
    """Everybody whose yes is needed on `day` (a date where the child is), each with the reason."""
    age = child.age_on(day)
    if age >= ADULT:
        return (Signer(Who.CHILD_SIGNS, Reason.GROWN_UP),)
    rule = rule_for(rules, place, kind, day)
    return (*_guardians(child, rule, age), *_child(rule, age), *_clinician(child, rule, age))


def _guardians(child: Facts, rule: Rule, age: int) -> Iterable[Signer]:
    if age >= max(rule.guardian_until, NOTHING_BEFORE_AGE):
        return
    if child.custody == "one" and not rule.all_guardians:
        yield Signer(Who.GUARDIAN, Reason.UNDER_AGE)
    elif child.custody == "one":
        yield Signer(Who.GUARDIANS, Reason.ALL_THERE)
    else:  # whatever is not known to be "one" asks everybody
        court = child.custody == "court"
        yield Signer(Who.GUARDIANS, Reason.COURT if court else Reason.TOGETHER)


def _child(rule: Rule, age: int) -> Iterable[Signer]:
    if rule.own_age is not None and age >= rule.own_age:
        yield Signer(Who.CHILD_SIGNS, Reason.OWN_AGE)
    elif age >= ASSENT_FROM_AGE:
        yield Signer(Who.CHILD_AGREES, Reason.ASKED)


def _clinician(child: Facts, rule: Rule, age: int) -> Iterable[Signer]:
    """A court's order is read by somebody before a signature under it counts."""
    if rule.review_from is not None and age >= rule.review_from:
        yield Signer(Who.CLINICIAN, Reason.UNKNOWN if rule is FAIL_CLOSED else Reason.MATURITY)
    if child.custody == "court" and age < max(rule.guardian_until, NOTHING_BEFORE_AGE):
        yield Signer(Who.CLINICIAN, Reason.COURT if child.order else Reason.NO_ORDER)
