"""Quiet hours are the reader's own, also on the nights when clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.notifications.quiet import quiet_ends

LONDON = ZoneInfo("Europe/London")


def ends(text: str, start: int | None, until: int | None, zone: ZoneInfo = LONDON) -> str | None:
    now = datetime.fromisoformat(text).replace(tzinfo=UTC)
    found = quiet_ends(now, quiet_from=start, quiet_until=until, zone=zone)
    return None if found is None else f"{found:%d %H:%M}"


@pytest.mark.parametrize(
    ("now", "start", "until", "end"),
    [
        ("2026-11-24T20:59", 21 * 60, 7 * 60, None),
        ("2026-11-24T21:00", 21 * 60, 7 * 60, "25 07:00"),
        ("2026-11-25T06:59", 21 * 60, 7 * 60, "25 07:00"),
        ("2026-11-25T07:00", 21 * 60, 7 * 60, None),
        ("2026-11-24T12:30", 12 * 60, 13 * 60, "24 13:00"),
        ("2026-11-24T13:00", 12 * 60, 13 * 60, None),
        ("2026-11-24T23:00", None, 7 * 60, None),
        ("2026-11-24T23:00", 21 * 60, None, None),
        ("2026-11-24T23:00", 420, 420, None),
        ("2026-11-24T00:00", 0, 420, "24 07:00"),
        # summer time: 21:00 in London is 20:00 UTC
        ("2026-07-01T20:00", 21 * 60, 7 * 60, "02 06:00"),
        # the night clocks go forward, and the night they go back
        ("2027-03-27T22:00", 21 * 60, 7 * 60, "28 06:00"),
        ("2027-10-30T21:00", 21 * 60, 7 * 60, "31 07:00"),
    ],
)
def test_when_quiet_ends(now: str, start: int | None, until: int | None, end: str | None) -> None:
    assert ends(now, start, until) == end


def test_the_same_instant_is_night_for_one_and_day_for_another() -> None:
    assert ends("2026-11-24T12:00", 21 * 60, 7 * 60) is None
    assert ends("2026-11-24T12:00", 21 * 60, 7 * 60, ZoneInfo("Australia/Sydney")) == "24 20:00"


def test_quiet_always_ends_within_a_day_and_a_clock_change() -> None:
    now = datetime(2027, 3, 27, tzinfo=UTC)
    for minutes in range(0, 3 * 1440, 17):
        moment = now + timedelta(minutes=minutes)
        found = quiet_ends(moment, quiet_from=1, quiet_until=0, zone=LONDON)
        assert found is None or moment < found <= moment + timedelta(hours=25)
