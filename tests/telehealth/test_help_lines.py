"""Whoever needs help finds a number of their own country."""

import pytest

from accounts.places import PLACES
from telehealth.help_lines import country_of

CODES = [
    code
    for first, second in PLACES
    for code in ([region for region, _ in second] if isinstance(second, tuple) else [first])
]


@pytest.mark.parametrize("place", CODES)
def test_every_place_a_child_may_live_in_has_numbers(place: str) -> None:
    country = country_of(place)
    assert country is not None
    assert country.emergency
    assert country.lines
