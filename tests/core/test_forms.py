"""Names that others read: what is shown is what was typed, and nothing hides in it."""

import pytest
from django.core.exceptions import ValidationError

from core.forms import NameField


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Sam  ", "Sam"),
        ("Sam\r\nBcc: all", "Sam Bcc: all"),
        ("\u202eevil\u2066Sam\u200b\ufeff", "evilSam"),
        ("Zoë 🦊", "Zoë 🦊"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("李小龙", "李小龙"),
        ("م\u064eريم", "م\u064eريم"),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen(typed: str, kept: str) -> None:
    assert NameField(max_length=60).clean(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "\u200b",
        "\u202e\u202c",
        "\u200d",
        "\u2060 \ufeff",
        "\ue000",
        "---",
        "\u0301",
        "sam@example.org",
    ],
)
def test_what_nobody_can_see_and_an_address_are_no_name(typed: str) -> None:
    with pytest.raises(ValidationError):
        NameField().clean(typed)
