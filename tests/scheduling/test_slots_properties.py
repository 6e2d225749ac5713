"""Every zone, every clock change 2020-2030; and an oracle that thinks in minutes, not intervals."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import slots
from scheduling.slots import Ask, Availability, Busy, Travel, WeeklyWindow

HOUR = 3600
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def changes(zone: ZoneInfo) -> Iterator[int]:
    """The instants between 2020 and 2030 at which the zone's offset changes, by bisection."""
    step, moment = timedelta(days=5), FIRST
    before = moment.astimezone(zone).utcoffset()
    while moment < LAST:
        after = (moment + step).astimezone(zone).utcoffset()
        if after != before:
            low, high = slots.seconds(moment), slots.seconds(moment + step)
            while high - low > 1:
                middle = (low + high) // 2
                if slots.at(middle, zone).utcoffset() == before:
                    low = middle
                else:
                    high = middle
            yield high
            before = after
        moment += step


def all_day(zone: ZoneInfo) -> Availability:
    return Availability(zone, [WeeklyWindow(day, 0, 1440) for day in range(7)])


@pytest.mark.parametrize("letter", sorted({name[0] for name in available_timezones()}))
def test_around_every_clock_change_the_list_is_right(letter: str) -> None:
    for name in sorted(available_timezones()):
        if not name.startswith(letter):
            continue
        zone = ZoneInfo(name)
        for change in changes(zone):
            check_day_of_change(zone, change)


def check_day_of_change(zone: ZoneInfo, change: int) -> None:
    start, end = change - 30 * HOUR, change + 30 * HOUR
    ask = Ask(length=1800, step=1800, earliest=start, latest=end)
    found = slots.free_starts(ask, slots.open_windows(all_day(zone), start, end), [])
    # all day open: no hole and no overlap anywhere, so both hours of a fold are there
    assert all(b - a == 1800 for a, b in itertools.pairwise(found))
    assert start <= found[0] < start + 1800
    assert found[-1] >= end - 1800
    for instant in found:
        # none in a gap: reading the wall clock back gives the same instant
        wall = slots.at(instant, zone)
        assert slots.seconds(wall.astimezone(UTC)) == instant
        again = datetime.combine(wall.date(), wall.time(), zone).replace(fold=wall.fold)
        assert slots.seconds(again) == instant
    # a window given on the clock opens where zoneinfo says that clock time is; one that opens at a
    # time the clock jumps over opens at the jump
    day = slots.at(change, zone).date()
    for minute in (0, 30, 90, 150, 600):
        wall = datetime.combine(day, datetime.min.time(), zone) + timedelta(minutes=minute)
        skipped = wall.astimezone(UTC).astimezone(zone).time() != wall.time()
        expected = change if skipped else int(wall.timestamp())
        assert slots.from_wall(day.toordinal(), minute, zone) == expected


def test_repeated_hour_is_offered_twice_and_skipped_hour_never() -> None:
    london = ZoneInfo("Europe/London")
    autumn, spring = date(2026, 10, 25), date(2026, 3, 29)
    for day, starts in ((autumn, 4), (spring, 0)):
        window = Availability(london, overrides={day: [(60, 120)]})
        first = slots.from_wall(day.toordinal(), 0, london)
        ask = Ask(1800, 1800, first, first + 86_400)
        found = slots.free_starts(ask, slots.open_windows(window, first, first + 86_400), [])
        assert len(found) == starts


minutes_of_day = st.integers(0, 1440)
intervals = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 120)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=8,
)
busy_rows = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 60), st.integers(0, 30), st.integers(0, 30)).map(
        lambda p: Busy(p[0], p[0] + p[1], p[2], p[3])
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(intervals, busy_rows, st.integers(1, 90), st.integers(0, 30), st.integers(0, 30))
def test_a_start_is_offered_only_where_every_minute_and_every_gap_is_free(
    windows: list[slots.Interval], busy: list[Busy], length: int, before: int, after: int
) -> None:
    opened = slots.merge(windows)
    ask = Ask(length, 1, 0, 10_000, before, after)
    found = set(slots.free_starts(ask, opened, busy))
    minutes = {m for a, b in windows for m in range(a, b)}

    def fits(start: int) -> bool:
        inside = all(m in minutes for m in range(start, start + length))
        return inside and all(
            start + length + max(after, row.before) <= row.start
            or start >= row.end + max(row.after, before)
            for row in busy
        )

    assert found == {start for start in range(760) if fits(start)}


@settings(max_examples=200, deadline=None)
@given(intervals, intervals)
def test_intersect_and_subtract_split_a_window_exactly(
    one: list[slots.Interval], other: list[slots.Interval]
) -> None:
    a, b = slots.merge(one), slots.merge(other)
    inside, outside = slots.intersect(a, b), slots.subtract(a, b)
    assert slots.merge(inside + outside) == a
    assert slots.intersect(inside, outside) == []


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40_000), st.integers(0, 40_000))
def test_the_grid_does_not_move_with_the_moment_of_asking(one: int, later: int) -> None:
    windows = [(1_000, 50_000)]
    asks = [Ask(1500, 3000, moment, 60_000) for moment in (one, later)]
    first, second = (slots.free_starts(ask, windows, []) for ask in asks)
    common = max(one, later)
    assert [s for s in first if s >= common] == [s for s in second if s >= common]


def test_hours_are_read_in_the_travel_zone_for_the_period() -> None:
    london, tokyo = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")
    trip = Travel(date(2026, 12, 1), date(2026, 12, 2), tokyo)
    who = Availability(london, [WeeklyWindow(d, 540, 600) for d in range(7)], travel=[trip])
    start = slots.seconds(datetime(2026, 11, 30, tzinfo=UTC))
    found = slots.open_windows(who, start, start + 4 * 86_400)
    hours = [slots.utc(a).strftime("%d %H:%M") for a, _b in found]
    assert hours == ["30 09:00", "01 00:00", "02 00:00", "03 09:00"]


def test_time_off_closes_dates_and_an_override_replaces_or_closes_one() -> None:
    utc = ZoneInfo("UTC")
    who = Availability(
        utc,
        [WeeklyWindow(d, 540, 600) for d in range(7)],
        overrides={date(2026, 12, 1): [], date(2026, 12, 2): [(600, 660)]},
        time_off=[(date(2026, 12, 3), date(2026, 12, 4))],
    )
    start = slots.seconds(datetime(2026, 12, 1, tzinfo=UTC))
    found = slots.open_windows(who, start, start + 5 * 86_400)
    assert [slots.utc(a).strftime("%d %H:%M") for a, _b in found] == ["02 10:00", "05 09:00"]


def test_a_full_day_offers_nothing_more() -> None:
    utc = ZoneInfo("UTC")
    starts = [0, HOUR, 86_400]
    assert slots.under_daily_max(starts, [2 * HOUR, 3 * HOUR], zone=utc, most=2) == [86_400]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        slots.seconds(datetime(2026, 1, 1))  # noqa: DTZ001
