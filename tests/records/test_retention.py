"""How long a record is kept: the law of the place as dated rows, and the longest where none is."""

from datetime import date

import pytest

from records.models import RetentionRule
from records.retention import RULED, keep_until, rule_for, shortest_years, years_on

TODAY = date(2026, 11, 24)
BORN = date(2014, 6, 1)


@pytest.mark.parametrize(
    ("place", "last", "until"),
    [
        ("GB", date(2026, 11, 1), date(2039, 6, 1)),  # the 25th birthday
        ("GB", date(2031, 5, 31), date(2039, 6, 1)),  # still 16
        ("GB", date(2031, 6, 1), date(2040, 6, 1)),  # 17 at the end: the 26th
        ("GB-SCT", date(2026, 11, 1), date(2039, 6, 1)),  # a part has the country's rule
        ("DE", date(2026, 11, 1), date(2036, 11, 1)),  # ten years after the last session
        ("FR", date(2026, 11, 1), date(2046, 11, 1)),  # twenty years, later than the 28th birthday
        ("US-CA", date(2026, 11, 1), date(2039, 6, 1)),
        ("US-NY", date(2031, 11, 1), date(2037, 11, 1)),
        ("US-TX", date(2026, 11, 1), date(2046, 11, 1)),  # unknown: the longest
        ("XX", date(2026, 11, 1), date(2046, 11, 1)),
    ],
)
def test_a_record_is_kept_as_long_as_the_place_asks(
    db: None, place: str, last: date, until: date
) -> None:
    for category in RULED:
        rule = rule_for(category, place, TODAY)
        assert rule is not None
        assert keep_until(rule, birth=BORN, last=last) == until


def test_each_rule_names_its_source_and_says_honestly_whether_a_lawyer_checked_it(
    db: None,
) -> None:
    rules = list(RetentionRule.objects.all())
    places = {"", "GB", "IE", "US-CA", "US-NY", "DE", "FR", "ES"}
    for category in RULED:
        assert {rule.place for rule in rules if rule.category == category} == places
    assert all(rule.source for rule in rules)
    assert all(bool(rule.reviewer) == bool(rule.verified_on) for rule in rules)


def test_the_unknown_place_is_never_shorter_than_a_known_one(db: None) -> None:
    for category in RULED:
        rules = RetentionRule.objects.filter(category=category)
        untils = {rule.place: keep_until(rule, birth=BORN, last=date(2031, 6, 1)) for rule in rules}
        assert untils[""] == max(untils.values())


def test_a_changed_law_counts_from_its_day(db: None) -> None:
    RetentionRule.objects.create(
        category="clinical",
        place="DE",
        years_after_last_contact=30,
        source="a new law",
        valid_from=date(2027, 1, 1),
    )
    before, after = (rule_for("clinical", "DE", date(y, 6, 1)) for y in (2026, 2027))
    assert before is not None
    assert after is not None
    assert (before.years_after_last_contact, after.years_after_last_contact) == (10, 30)


def test_dates_that_no_year_has_and_no_rule_at_all(db: None) -> None:
    assert years_on(date(2012, 2, 29), 25) == date(2037, 3, 1)
    assert shortest_years(TODAY) == 4
    RetentionRule.objects.all().delete()
    assert rule_for("clinical", "GB", TODAY) is None
    assert shortest_years(TODAY) is None
