"""Birthdays after which other people decide. Nothing waits for this: the gates look at the date.

What is done here is to tell people, once, and to tidy up. A run that comes days late does the same
as one at midnight, and two runs at once do it once.
"""

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.actions.matters import ask_for_review, tell_sockets, turn
from accounts.broadcast import access_revoked
from accounts.consent_rules import FULLER_FROM_AGE, Rule, rule_for
from accounts.consent_standing import current_rules
from accounts.models import (
    ADULT,
    Child,
    ComingOfAge,
    ConsentKind,
    GuardianLink,
    Passage,
    User,
)
from accounts.selectors import consent_status
from core.actors import Actor
from core.audit.actions import record
from core.notifications.actions import queue

KIND = ConsentKind.TELEHEALTH


def note_birthdays(*, actor: Actor) -> int:
    """Deal with every birthday that has begun where the child is; answers how many were new."""
    # A date is everywhere at most a day ahead of UTC's.
    latest = timezone.now().date() + timedelta(days=1)
    rules = current_rules()
    found = 0
    for child_id in _perhaps_due(latest, rules).values_list("pk", flat=True):
        found += _note(actor, child_id, rules)
    return found


def _perhaps_due(latest: date, rules: tuple[Rule, ...]) -> QuerySet[Child]:
    def waiting(passage: Passage, age: int) -> Q:
        noted = ComingOfAge.objects.filter(child=OuterRef("pk"), passage=passage)
        return ~Exists(noted) & Q(birth_date__lte=_years_before(latest, age))

    due = waiting(Passage.FULLER, FULLER_FROM_AGE) | waiting(Passage.ADULT, ADULT)
    for rule in rules:
        if rule.own_age is not None:
            due |= Q(place=rule.place) & waiting(Passage.OWN, rule.own_age)
    return Child.objects.filter(due)


def _years_before(day: date, years: int) -> date:
    """The latest birth date that can be `years` old on `day`."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def passages(child: Child, rules: tuple[Rule, ...]) -> dict[Passage, int]:
    """The child's birthdays that count, with the age; the law of the place names the second.

    In their order: at 18 the links end, and who was missed until then has been told before.
    """
    own = rule_for(rules, child.place, KIND, child.today).own_age
    ages = {Passage.FULLER: FULLER_FROM_AGE}
    if own is not None:
        ages[Passage.OWN] = own
    return ages | {Passage.ADULT: ADULT}


@transaction.atomic
def _note(actor: Actor, child_id: UUID, rules: tuple[Rule, ...]) -> int:
    turn(Child(pk=child_id))
    child = Child.objects.select_related("user").get(pk=child_id)
    found = 0
    for passage, age in passages(child, rules).items():
        day = child.birthday(age)
        if day > child.today:
            continue
        row, created = ComingOfAge.objects.get_or_create(
            child=child, passage=passage, defaults={"day": day}
        )
        # Who was that old when they came here needs no news of it.
        if created and child.becomes(age) > child.created_at:
            _tell(actor, child, row)
            found += 1
    return found


def _tell(actor: Actor, child: Child, row: ComingOfAge) -> None:
    record(actor=actor, action=f"birthday.{row.passage}", obj=row, child_id=child.pk)
    guardians = list(_guardians(child))
    for person in [child.user, *guardians]:
        if person.is_active:
            queue(
                actor=actor,
                kind="birthday",
                recipient=person,
                subject=row,
                dedup_key=f"birthday:{row.pk}:{person.pk}",
            )
    if row.passage == Passage.ADULT:
        _end_links(actor, child)
        access_revoked([person.pk for person in guardians], child.pk)
    ask_for_review(actor=actor, status=consent_status(child, KIND), kind=KIND)
    tell_sockets(child)


def _guardians(child: Child) -> QuerySet[User]:
    """By their links: at 18 the access rule knows them no more."""
    links = GuardianLink.objects.filter(child=child, ended_at=None)
    return User.objects.filter(pk__in=links.values("guardian"))


def _end_links(actor: Actor, child: Child) -> None:
    """What the access rule says already, written down: ended at that midnight."""
    for link in GuardianLink.objects.select_for_update().filter(child=child, ended_at=None):
        link.ended_at = max(child.adult_at, link.started_at)
        link.save(update_fields=["ended_at"])
        record(actor=actor, action="guardian.end", obj=link, child_id=child.pk)
