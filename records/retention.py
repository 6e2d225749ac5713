"""How long what is kept: pure dates over dated rules, and the reading of both for one child."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import Child
from core import registry
from core.registry import Category, Holding
from core.rls import acting_as, system
from records.models import RetentionRule

RULES_FILE = Path(__file__).parent / "data" / "retention.json"
RULED = (Category.CLINICAL, Category.CONSENT)
ALMOST_ADULT = 17


def load_rules() -> None:
    """Bring the rows to what the file says. A changed law is a new row with a later start."""
    for row in json.loads(RULES_FILE.read_text("utf-8")):
        key = {name: row.pop(name) for name in ("category", "place", "valid_from")}
        RetentionRule.objects.update_or_create(**key, defaults=row)


def years_on(day: date, years: int) -> date:
    """The same date `years` later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def keep_until(rule: RetentionRule, *, birth: date, last: date) -> date:
    """The first day on which it need not be kept any more: the latest of what the rule says."""
    days = [last]
    if rule.years_after_last_contact is not None:
        days.append(years_on(last, rule.years_after_last_contact))
    age = rule.until_age
    if rule.until_age_if_seen_at_17 is not None and last >= years_on(birth, ALMOST_ADULT):
        age = rule.until_age_if_seen_at_17
    if age is not None:
        days.append(years_on(birth, age))
    return max(days)


def rule_for(category: str, place: str, today: date) -> RetentionRule | None:
    """The rule of the place, else of its country, else of everywhere."""
    places = [place, place.partition("-")[0], ""]
    valid = Q(valid_until=None) | Q(valid_until__gte=today)
    rules = RetentionRule.objects.filter(
        valid, category=category, place__in=places, valid_from__lte=today
    )
    ordered = sorted(
        rules, key=lambda rule: (places.index(rule.place), -rule.valid_from.toordinal())
    )
    return ordered[0] if ordered else None


@dataclass(frozen=True)
class Kept:
    """Why something stays, and until when; `until` None is for ever (no rule: fail closed)."""

    category: Category
    rows: int
    until: date | None
    rule: RetentionRule | None


@dataclass(frozen=True)
class Plan:
    """What would happen to one child's record today."""

    goes: tuple[Holding, ...]
    stays: tuple[Kept, ...]
    last_contact: date

    @property
    def is_everything(self) -> bool:
        return not self.stays


def last_contact(child: Child) -> date:
    """The day care last happened, in the child's zone; else the day the child came to us."""
    seen: list[datetime] = [
        found for h in registry.holdings() if (found := h.last_contact(child.pk)) is not None
    ]
    return max([child.created_at, *seen]).astimezone(child.user.zone).date()


def plan(child: Child, *, today: date | None = None) -> Plan:
    """By the rules that hold `today` (a date in the child's zone; now by default)."""
    today = today or timezone.now().astimezone(child.user.zone).date()
    # Who decides is tied to no child, and must count what they may not read.
    with acting_as(system("retention")):
        last = last_contact(child)
        held = {h: h.count(child.pk) for h in registry.holdings() if h.tables}
    goes = [h for h in held if h.category == Category.CONTACT]
    stays: list[Kept] = []
    for category in RULED:
        mine = [h for h in held if h.category == category]
        rows = sum(held[h] for h in mine)
        rule = rule_for(category, child.place, today)
        until = keep_until(rule, birth=child.birth_date, last=last) if rule else None
        if rows and (until is None or until > today):
            stays.append(Kept(category, rows, until, rule))
        else:
            goes.extend(mine)
    if not stays:
        goes.extend(h for h in held if h.category == Category.IDENTITY)
    return Plan(tuple(goes), tuple(stays), last)


def blocked(child_id: UUID) -> bool:
    return any(holding.blocks(child_id) for holding in registry.holdings())


def shortest_years(today: date) -> int | None:
    """After how many years at the earliest some record may have to go; None without any rule."""
    rules = RetentionRule.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=today), category__in=RULED, valid_from__lte=today
    )
    found = [
        years
        for rule in rules
        for years in (rule.years_after_last_contact, _years_from_18(rule.until_age))
        if years is not None
    ]
    return min(found, default=None)


def _years_from_18(age: int | None) -> int | None:
    """Nobody comes to us after the 18th birthday, so this long lies between."""
    return None if age is None else max(age - 18, 1)
