"""Who must say yes: the shipped rules as a table, and what must hold for every rule and child."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.consent_rules import FAIL_CLOSED, Facts, Reason, Rule, Who, rule_for, who_must_sign
from accounts.documents import RULES, load_rules
from accounts.models import ConsentKind, ConsentRule
from accounts.places import PLACES

TODAY = date(2026, 11, 24)
G, GG, S, A, C = Who.GUARDIAN, Who.GUARDIANS, Who.CHILD_SIGNS, Who.CHILD_AGREES, Who.CLINICIAN


DATES = ("valid_from", "valid_until", "verified_on")


def shipped() -> list[Rule]:
    def value(name: str, given: Any) -> Any:
        return date.fromisoformat(given) if name in DATES and given else given

    return [
        Rule(**{name: value(name, row.get(name)) for name in Rule.__dataclass_fields__})
        for row in json.loads(RULES.read_text())
    ]


RULES_NOW = shipped()


def child(age: int, custody: str = "one") -> Facts:
    return Facts(date(TODAY.year - age, TODAY.month, TODAY.day), custody)


@pytest.mark.parametrize(
    ("place", "age", "custody", "who"),
    [
        ("GB", 6, "one", {G}),
        ("GB", 7, "one", {G, A}),
        ("GB", 15, "one", {G, A}),
        ("GB", 15, "both", {GG, A}),
        ("GB", 15, "court", {GG, A, C}),
        ("GB", 16, "both", {S}),
        ("GB", 17, "court", {S}),
        ("IE", 15, "one", {GG, A}),
        ("IE", 16, "one", {GG, S}),
        ("IE", 17, "both", {GG, S}),
        ("US-CA", 11, "one", {G, A}),
        ("US-CA", 12, "one", {G, S, C}),  # under 13 a guardian as well (COPPA)
        ("US-CA", 13, "one", {S, C}),
        ("US-NY", 17, "one", {G, A}),
        ("DE", 13, "one", {GG, A}),
        ("DE", 14, "one", {GG, S}),
        ("FR", 17, "one", {GG, A}),
        ("ES", 15, "one", {G, A}),
        ("ES", 16, "both", {S}),
        # nobody has checked these
        ("AU", 6, "one", {GG, C}),
        ("AU", 16, "one", {GG, A, C}),
        ("US-TX", 16, "one", {GG, A, C}),
        ("GB-SCT", 16, "one", {GG, A, C}),
        ("", 17, "one", {GG, A, C}),
        ("GB", 15, "something new", {GG, A}),
    ],
)
def test_the_shipped_rules(place: str, age: int, custody: str, who: set[Who]) -> None:
    found = who_must_sign(child(age, custody), place, "telehealth", TODAY, RULES_NOW)
    assert {signer.who for signer in found} == who


@pytest.mark.parametrize("place", ["GB", "US-CA", "AU", ""])
@pytest.mark.parametrize("custody", ["one", "both", "court"])
@pytest.mark.parametrize("kind", ConsentKind.values)
def test_at_18_the_young_person_signs_alone(place: str, custody: str, kind: str) -> None:
    found = who_must_sign(child(18, custody), place, kind, TODAY, RULES_NOW)
    assert [(signer.who, signer.reason) for signer in found] == [(S, Reason.GROWN_UP)]


@pytest.mark.parametrize("kind", sorted(set(ConsentKind.values) - {"telehealth"}))
def test_a_kind_without_a_checked_row_asks_everybody(kind: str) -> None:
    found = who_must_sign(child(16), "GB", kind, TODAY, RULES_NOW)
    assert {signer.who for signer in found} == {GG, A, C}


def test_the_day_decides_which_row_holds() -> None:
    california = who_must_sign(child(13), "US-CA", "telehealth", date(2024, 6, 30), RULES_NOW)
    assert {signer.who for signer in california} == {GG, A, C}
    london = RULES_NOW[0]
    later = replace(london, valid_from=date(2026, 12, 1), own_age=14, guardian_until=14)
    last, first = date(2026, 11, 30), date(2026, 12, 1)
    until = replace(london, valid_until=last)
    assert rule_for([until, later], "GB", "telehealth", last) is until
    assert rule_for([until, later], "GB", "telehealth", first) is later
    unchecked = replace(later, verified_on=None)
    assert rule_for([until, unchecked], "GB", "telehealth", first) is FAIL_CLOSED


def test_each_row_says_where_it_is_from_and_every_place_we_offer_has_an_answer(db: None) -> None:
    rows = list(ConsentRule.objects.all())
    assert {row.place for row in rows} == {"", "GB", "IE", "US-CA", "US-NY", "DE", "FR", "ES"}
    for row in rows:
        assert row.source
        assert row.reviewer
        assert (row.verified_on is None) == (row.place == "")
    assert load_rules() == 0, "loading again changes nothing"
    ConsentRule.objects.filter(place="GB").update(own_age=7)
    assert load_rules() == 1, "what somebody changed by hand comes back"
    codes = [code for code, name in PLACES if not isinstance(name, tuple)]
    codes += [code for _c, names in PLACES if isinstance(names, tuple) for code, _n in names]
    for code in codes:
        assert who_must_sign(child(10), code, "telehealth", TODAY, RULES_NOW)


# ---- for every rule and every child

ages = st.none() | st.integers(0, 18)
days = st.dates(date(2000, 1, 1), date(2040, 12, 31))
rules = st.builds(
    Rule,
    place=st.sampled_from(["GB", "XX", ""]),
    kind=st.sampled_from(["", "telehealth", "sharing"]),
    valid_from=days,
    valid_until=st.none() | days,
    own_age=st.none() | st.integers(7, 18),  # no law lets a smaller child sign
    guardian_until=st.integers(0, 18),
    all_guardians=st.booleans(),
    review_from=ages,
    verified_on=st.none() | days,
).filter(lambda rule: rule.guardian_until >= (18 if rule.own_age is None else rule.own_age))
facts = st.builds(
    Facts, birth_date=days, custody=st.sampled_from(["one", "both", "court", "", "other"])
)
kinds = st.sampled_from([*ConsentKind.values, "unheard of"])


# How long drawing takes says nothing on a busy machine.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts, st.sampled_from(["GB", "XX", "GB-SCT", ""]), kinds, days, st.lists(rules, max_size=4))
def test_somebody_always_signs_and_unknown_never_asks_fewer(
    who: Facts, place: str, kind: str, day: date, table: list[Rule]
) -> None:
    if day < who.birth_date:
        return
    found = who_must_sign(who, place, kind, day, table)
    forms = {signer.who for signer in found}
    unknown = who_must_sign(who, "nowhere", kind, day, table)
    # Nothing happens on nobody's word, and a child of 7 is always asked.
    assert forms & {G, GG, S}
    age = who.age_on(day)
    if age >= 7:
        assert forms & {S, A}
    if age < 13:
        assert forms & {G, GG}
    # Somebody who is asked where the law is known is asked where it is not.
    assert {signer.person for signer in found} <= {signer.person for signer in unknown}
    if GG in forms:
        assert GG in {signer.who for signer in unknown}
    if who.custody != "one":
        assert G not in forms, "one signature is never enough where several decide"
    unchecked = [replace(rule, verified_on=None) for rule in table]
    assert who_must_sign(who, place, kind, day, unchecked) == unknown
