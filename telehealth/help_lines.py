"""Emergency numbers and child help lines by country, shown without sign-in.

Facts are public and were written from general knowledge in November 2026: a clinic checks each
number before launch and then once a year (SAFETY.md: verify before launch).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    name: str
    phone: str
    note: str = ""
    text: str = ""
    web: str = ""


@dataclass(frozen=True)
class Country:
    code: str
    name: str
    emergency: str
    lines: tuple[Line, ...]


COUNTRIES = (
    Country(
        "GB",
        "United Kingdom",
        "999",
        (
            Line(
                "Childline", "0800 1111", "Free, day and night", web="https://www.childline.org.uk"
            ),
            Line("Shout", "", "Free, day and night", text="Text SHOUT to 85258"),
        ),
    ),
    Country(
        "IE",
        "Ireland",
        "112",
        (
            Line(
                "Childline", "1800 66 66 66", "Free, day and night", web="https://www.childline.ie"
            ),
            Line("Text About It", "", "Free, day and night", text="Text HELLO to 50808"),
        ),
    ),
    Country(
        "US",
        "United States",
        "911",
        (
            Line("988 Lifeline", "988", "Free, call or text, day and night", text="Text 988"),
            Line("Childhelp", "1-800-422-4453", "Free, day and night"),
        ),
    ),
    Country(
        "CA",
        "Canada",
        "911",
        (
            Line(
                "Kids Help Phone", "1-800-668-6868", "Free, day and night", "Text CONNECT to 686868"
            ),
        ),
    ),
    Country(
        "AU",
        "Australia",
        "000",
        (Line("Kids Helpline", "1800 55 1800", "Free, day and night"),),
    ),
    Country(
        "DE",
        "Germany",
        "112",
        (Line("Nummer gegen Kummer", "116 111", "Free, Monday to Saturday, afternoons"),),
    ),
    Country(
        "AT",
        "Austria",
        "112",
        (Line("Rat auf Draht", "147", "Free, day and night", web="https://www.rataufdraht.at"),),
    ),
    Country(
        "CH",
        "Switzerland",
        "112",
        (Line("Pro Juventute 147", "147", "Free, day and night", web="https://www.147.ch"),),
    ),
    Country(
        "NL",
        "Netherlands",
        "112",
        (
            Line("Kindertelefoon", "0800 0432", "Free, every day from 11 to 21"),
            Line("113 Zelfmoordpreventie", "0800 0113", "Free, day and night"),
        ),
    ),
    Country(
        "NO",
        "Norway",
        "112",
        (Line("Alarmtelefonen", "116 111", "Free, day and night"),),
    ),
    Country(
        "NZ",
        "New Zealand",
        "111",
        (Line("Need to talk?", "1737", "Free, call or text, day and night", text="Text 1737"),),
    ),
    Country(
        "FR",
        "France",
        "112",
        (
            Line("Allô Enfance en Danger", "119", "Free, day and night"),
            Line("3114", "3114", "Free, day and night"),
        ),
    ),
    Country("ES", "Spain", "112", (Line("ANAR", "116 111", "Free, day and night"),)),
)
BY_CODE = {country.code: country for country in COUNTRIES}


def country_of(place: str) -> Country | None:
    """The country of an ISO 3166 place: "US-NY" gives the United States."""
    return BY_CODE.get(place.partition("-")[0])
