"""Between wall clocks and instants, on the days that have 23 or 25 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from core.forms import TimeZoneField
from core.timezones import (
    clock_change_between,
    from_wall,
    label,
    local,
    spoken,
    validate_zone,
    zone_name,
    zone_place,
    zones_by_region,
)

LONDON, NEW_YORK, KOLKATA = (
    ZoneInfo("Europe/London"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Kolkata"),
)
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)  # London
NAMES = [name for _region, zones in zones_by_region() for name, _label in zones]
zones = st.sampled_from([ZoneInfo(name) for name in NAMES])


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_an_ordinary_hour() -> None:
    assert from_wall(date(2026, 11, 24), 16 * 60, LONDON) == at(2026, 11, 24, 16)
    assert from_wall(date(2026, 7, 1), 16 * 60, LONDON) == at(2026, 7, 1, 15)
    assert from_wall(date(2026, 11, 24), 16 * 60, KOLKATA) == at(2026, 11, 24, 10, 30)


def test_a_time_in_the_gap_moves_forward_by_the_gap() -> None:
    moved = from_wall(SPRING, 90, LONDON)  # 01:30 does not exist, 02:30 does
    assert moved == at(2027, 3, 28, 1, 30)
    assert f"{local(moved, LONDON):%H:%M}" == "02:30"
    half_hour_gap = from_wall(date(2027, 10, 3), 135, LORD_HOWE)  # 02:15, gap of 30 minutes
    assert f"{local(half_hour_gap, LORD_HOWE):%H:%M}" == "02:45"


def test_a_time_that_happens_twice_is_the_first() -> None:
    assert from_wall(AUTUMN, 90, LONDON) == at(2027, 10, 31, 0, 30)


def test_minutes_past_midnight_belong_to_the_next_day() -> None:
    assert from_wall(date(2026, 11, 24), 25 * 60, LONDON) == at(2026, 11, 25, 1)
    assert from_wall(date(2026, 11, 24), -60, LONDON) == at(2026, 11, 23, 23)


def test_a_day_that_never_happened() -> None:
    """Samoa skipped 30 December 2011: what is planned there moves on by the whole day."""
    assert local(from_wall(date(2011, 12, 30), 600, APIA), APIA).date() == date(2011, 12, 31)


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    minute=st.integers(0, 2 * 1440),
    zone=zones,
)
def test_there_and_back_shows_the_same_wall_clock_or_later_by_a_gap(
    day: date, minute: int, zone: ZoneInfo
) -> None:
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    shown = local(from_wall(day, minute, zone), zone)
    shift = shown.replace(tzinfo=None) - wall
    assert timedelta() <= shift <= timedelta(hours=24)
    if shift:  # only because the wall time does not exist: no instant shows it
        for fold in (0, 1):
            instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            assert instant.astimezone(zone).replace(tzinfo=None) != wall
    else:
        assert shown.fold == 0


@pytest.mark.parametrize(
    ("instant", "zone", "text"),
    [
        (at(2026, 11, 24, 16), LONDON, "Tue 24 Nov, 16:00 GMT"),
        (at(2026, 7, 1, 15), LONDON, "Wed 1 Jul, 16:00 BST"),
        (at(2026, 11, 24, 16), ZoneInfo("Asia/Dubai"), "Tue 24 Nov, 20:00 UTC+4"),
        (at(2026, 11, 24, 16), ZoneInfo("Asia/Kathmandu"), "Tue 24 Nov, 21:45 UTC+5:45"),
        (at(2027, 10, 31, 0, 30), LONDON, "Sun 31 Oct, 01:30 BST (UTC+1)"),
        (at(2027, 10, 31, 1, 30), LONDON, "Sun 31 Oct, 01:30 GMT (UTC)"),
        (at(2026, 11, 1, 6, 30), NEW_YORK, "Sun 1 Nov, 01:30 EST (UTC-5)"),
    ],
)
def test_a_label_names_one_instant(instant: datetime, zone: ZoneInfo, text: str) -> None:
    assert label(instant, zone) == text


@given(st.integers(0, 11 * 365 * 1440), zones)
def test_two_instants_an_hour_apart_never_have_the_same_label(minutes: int, zone: ZoneInfo) -> None:
    first = at(2020, 1, 1) + timedelta(minutes=minutes)
    assert label(first, zone) != label(first + timedelta(hours=1), zone)


def test_clocks_that_change_in_between_are_named_by_how_much() -> None:
    assert clock_change_between(at(2027, 3, 27), at(2027, 3, 29), LONDON) == timedelta(hours=1)
    assert clock_change_between(at(2027, 10, 30), at(2027, 11, 1), LONDON) == -timedelta(hours=1)
    assert clock_change_between(at(2027, 6, 1), at(2027, 6, 2), LONDON) is None
    assert clock_change_between(at(2027, 3, 1), at(2027, 12, 1), LONDON) is None


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local(datetime(2026, 11, 24, 16), LONDON)  # noqa: DTZ001


def test_only_real_places_are_offered_each_once_and_by_todays_name() -> None:
    assert {"Europe/London", "America/Argentina/Buenos_Aires", "UTC"} <= set(NAMES)
    assert not {"Etc/UTC", "EST", "US/Eastern", "Asia/Calcutta", "Australia/LHI"} & set(NAMES)
    assert len(NAMES) == len(set(NAMES))
    assert dict(dict(zones_by_region())["America"])["America/New_York"] == "New York"


def test_a_zone_that_does_not_exist_is_refused() -> None:
    validate_zone("Europe/London")
    for bad in ("", "Mars/Olympus", "../etc/passwd", "europe/london"):
        with pytest.raises(ValidationError):
            validate_zone(bad)
    assert zone_name(at(2026, 11, 24), ZoneInfo("UTC")) == "UTC"


def test_an_old_name_of_a_zone_is_taken_for_todays() -> None:
    field = TimeZoneField()
    assert field.clean("Asia/Calcutta") == field.prepare_value("Asia/Calcutta") == "Asia/Kolkata"
    assert field.clean("Europe/Amsterdam") == "Europe/Amsterdam"
    for bad in ("", "Mars/Olympus", "Etc/UTC+99"):
        with pytest.raises(ValidationError):
            field.clean(bad)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 11, 24, 16, tzinfo=UTC), "Today, 16:00"),
        (datetime(2026, 11, 25, 0, 30, tzinfo=UTC), "Tomorrow, 00:30"),
        (datetime(2026, 12, 4, 16, tzinfo=UTC), "Friday 4\xa0Dec, 16:00"),
        # an hour that happens twice cannot do without its zone, not even for a child
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Sun 25 Oct, 01:30 GMT (UTC)"),
    ],
)
def test_a_child_reads_the_day_as_one_says_it(instant: datetime, text: str) -> None:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert spoken(instant, ZoneInfo("Europe/London"), now=now) == text


def test_a_zone_is_said_as_the_place_it_is() -> None:
    assert zone_place("Europe/London") == "London"
    assert zone_place("America/New_York") == "New York"
    assert zone_place("America/Argentina/Salta") == "Salta, Argentina"
    assert zone_place("UTC") == "UTC"
