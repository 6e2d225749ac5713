"""When may a session start? Interval arithmetic on instants, without the ORM and without Django.

    windows  minus  busy  ->  free  ->  intersect with other people's windows  ->  cut into starts

Inside, an instant is an `int`: seconds since 1970 UTC; an interval is half open, `(start, end)`.
Wall-clock times (a date and minutes after its midnight) are converted once per window edge, never
per candidate. At the edge `at()` gives an aware datetime: an instant plus a zone.

An edge is the first instant at which the clock shows that time or a later one: of a repeated time
the first, of one the clock jumps over the moment after the jump. A window is the elapsed time
between its two edges, so both hours of a repeated hour are inside it, nothing starts in a gap, and
nothing is offered outside the hours as the clock shows them. (RFC 5545, 3.3.5 would push a skipped
01:30 to 02:30; hours "01:00 to 01:45" would then be offered from 02:00 to 02:45.) The grid is
counted from the start of each free window, so every viewer, in any zone and at any moment, sees
the same instants.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

Interval = tuple[int, int]
MINUTE, DAY = 60, 86_400
DAY_MINUTES = 1_440
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
FAR = 1 << 40  # later than any appointment


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Minutes after midnight on one weekday (Monday is 0); an end above 1440 is on the next day."""

    weekday: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Travel:
    """Between two dates (both included) the hours are read in another zone."""

    first: date
    last: date
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Availability:
    """One person's hours, read on the clock of `zone` (or of the zone they travel in that day).

    `overrides`: date -> windows in minutes after midnight, which replace that whole date; none
    closes it. `time_off`: first and last date, both included. Neither lets the late hours of the
    day before run on into such a date.
    """

    zone: ZoneInfo
    weekly: Sequence[WeeklyWindow] = ()
    overrides: Mapping[date, Sequence[tuple[int, int]]] = field(default_factory=dict)
    time_off: Sequence[tuple[date, date]] = ()
    travel: Sequence[Travel] = ()


class Busy(NamedTuple):  # a tuple: thousands are unpacked for one page
    """Taken time, with the seconds its owner needs free before and after it."""

    start: int
    end: int
    before: int = 0
    after: int = 0


# --- wall clock to instants ---------------------------------------------------------------------


def at(instant: int, zone: ZoneInfo) -> datetime:
    """The instant as an aware datetime in `zone`; the fold is set where the hour repeats."""
    return datetime.fromtimestamp(instant, zone)


def seconds(moment: datetime) -> int:
    """An aware datetime as whole seconds since 1970 UTC. ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a zone.")
    return int(moment.timestamp())


def from_wall(ordinal: int, minute: int, zone: ZoneInfo) -> int:
    """The first instant at which the clock shows `minute` minutes after midnight of the day, or
    later. `ordinal` is `date.toordinal()`; minutes from 1440 on belong to the next days.
    """
    days, minute = divmod(minute, DAY_MINUTES)
    ordinal += days
    offset = _steady_offset(ordinal, zone)
    if offset is None:  # a clock change on this day or at its edges: ask for this very minute
        return _wall_edge(ordinal, minute, zone)
    return (ordinal - EPOCH_ORDINAL) * DAY + minute * MINUTE - offset


@lru_cache(maxsize=4_096)
def _wall_edge(ordinal: int, minute: int, zone: ZoneInfo) -> int:
    midnight = datetime.fromordinal(ordinal)
    wall = midnight.replace(hour=minute // 60, minute=minute % 60, tzinfo=zone)
    early, late = int(wall.replace(fold=1).timestamp()), int(wall.timestamp())
    if early >= late:
        return late  # an ordinary time, or the first of two
    # In a gap the two readings lie on both sides of the jump: find it between them.
    before = at(early, zone).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if at(middle, zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


@lru_cache(maxsize=65_536)
def _steady_offset(ordinal: int, zone: ZoneInfo) -> int | None:
    """Seconds east of UTC on a day without a clock change; None on a day with one.

    Both midnights are read both ways: a change may happen at midnight, or straddle it.
    """
    edges = [datetime.fromordinal(day).replace(tzinfo=zone) for day in (ordinal, ordinal + 1)]
    readings = {wall.replace(fold=fold).utcoffset() for wall in edges for fold in (0, 1)}
    offset = readings.pop()
    if readings or offset is None:
        return None
    return int(offset.total_seconds())


@lru_cache(maxsize=512)
def _calendar(first: int, last: int, zone: ZoneInfo) -> tuple[list[Interval], set[int]]:
    """The days from `first` until before `last`: (day, its midnight) and the other days' numbers.

    The others are days where the clock changes and those before, whose late hours run into one.
    Everybody in one zone who is asked about the same weeks shares this conversion.
    """
    steady, changing = [], set()
    for ordinal in range(first, last):
        offset = _steady_offset(ordinal, zone)
        if offset is None or offset != _steady_offset(ordinal + 1, zone):
            changing.add(ordinal)
        else:
            steady.append((ordinal, (ordinal - EPOCH_ORDINAL) * DAY - offset))
    return steady, changing


def local_ordinal(instant: int, zone: ZoneInfo) -> int:
    """The date at `instant` on a clock in `zone`, as a day number."""
    ordinal = instant // DAY + EPOCH_ORDINAL
    offset = _steady_offset(ordinal, zone)
    if offset is not None:
        # The neighbours count too: near midnight the local date may be theirs.
        shifted = (instant + offset) // DAY + EPOCH_ORDINAL
        if _steady_offset(shifted, zone) == offset:
            return shifted
    return at(instant, zone).toordinal()


# --- intervals ----------------------------------------------------------------------------------


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, without overlaps; intervals that touch become one (hours past midnight join)."""
    merged: list[Interval] = []
    last_start = last_end = -FAR
    for start, end in sorted(intervals):
        if start > last_end:
            if last_start < last_end:  # what ends before it starts is nothing
                merged.append((last_start, last_end))
            last_start, last_end = start, end
        elif end > last_end:
            last_end = end
    if last_start < last_end:
        merged.append((last_start, last_end))
    return merged


def subtract(open_: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """`open_` without `taken`; both merged."""
    free: list[Interval] = []
    cuts = iter(taken)
    never = (FAR, FAR)
    cut_start, cut_end = next(cuts, never)
    for start, end in open_:
        while cut_end <= start:
            cut_start, cut_end = next(cuts, never)
        while cut_start < end:
            if cut_start > start:
                free.append((start, cut_start))
            if cut_end >= end:
                break  # nothing left of this one; the cut may reach into the next
            start = cut_end  # noqa: PLW2901
            cut_start, cut_end = next(cuts, never)
        else:
            free.append((start, end))
    return free


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What is in both; both merged."""
    both: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            both.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return both


def blocked(busy: Iterable[Busy], *, before: int = 0, after: int = 0) -> list[Interval]:
    """Where a session may not be, if it needs `before` and `after` seconds free around itself.

    Two neighbours share one gap: it must be as long as the larger of their needs, not their sum.
    """
    # Spelt out without max(): calls would be half the time here, with thousands of rows.
    return merge(
        [
            (
                start - (own_before if own_before > after else after),  # noqa: FURB136
                end + (own_after if own_after > before else before),  # noqa: FURB136
            )
            for start, end, own_before, own_after in busy
        ]
    )


# --- windows ------------------------------------------------------------------------------------


def open_windows(availability: Availability, start: int, end: int) -> list[Interval]:
    """The open intervals that touch `start` to `end`, whole: callers clip or filter.

    They keep their true beginnings (joined nights included, up to three days back), because the
    grid of starts is counted from there.
    """
    zone = availability.zone
    week: list[list[Interval]] = [[], [], [], [], [], [], []]
    for window in availability.weekly:
        # Day number 1 was a Monday. A rule that ends before it starts is dropped by merge().
        week[(window.weekday + 1) % 7].append((window.start * MINUTE, window.end * MINUTE))
    first = local_ordinal(start, zone) - 3  # hours past midnight, and travel far to the west
    last = local_ordinal(end, zone) + 3
    steady, changing = _calendar(first, last, zone)
    special = _special_days(availability, first, last)
    abroad = _days_abroad(availability, first, last)
    slow = changing
    if special or abroad:
        # The day before a special one, too: its late hours end at midnight.
        slow = changing.union(special, [day - 1 for day in special], abroad)
    found = [
        (midnight + opens, midnight + closes)
        for day, midnight in steady
        if day not in slow
        for opens, closes in week[day % 7]
    ]
    for day in slow:
        here = abroad.get(day, zone)
        until = DAY_MINUTES if day + 1 in special else 2 * DAY_MINUTES
        for opens, closes in special.get(day, week[day % 7]):
            closing = min(closes // MINUTE, until)
            found.append((from_wall(day, opens // MINUTE, here), from_wall(day, closing, here)))
    found = merge(found)
    while found and found[0][1] <= start:
        del found[0]
    while found and found[-1][0] >= end:
        del found[-1]
    return found


def _days_abroad(availability: Availability, first: int, last: int) -> dict[int, ZoneInfo]:
    """Day number -> the zone in which that day's hours are read; the first journey counts."""
    return {
        day: trip.zone
        for trip in reversed(availability.travel)
        for day in range(max(trip.first.toordinal(), first), min(trip.last.toordinal() + 1, last))
    }


def _special_days(availability: Availability, first: int, last: int) -> dict[int, list[Interval]]:
    """Day number -> its windows in seconds, where the weekly hours do not count."""
    special: dict[int, list[Interval]] = {}
    for day, windows in availability.overrides.items():
        if first <= day.toordinal() <= last:
            special[day.toordinal()] = [(a * MINUTE, b * MINUTE) for a, b in windows]
    for begins, ends in availability.time_off:
        off = range(max(begins.toordinal(), first), min(ends.toordinal(), last) + 1)
        special.update((ordinal, []) for ordinal in off)
    return special


def dates(zone: ZoneInfo, first: date, last: date | None) -> Interval:
    """Whole dates in `zone` as one interval; without a last date it stays open."""
    end = FAR if last is None else from_wall(last.toordinal() + 1, 0, zone)
    return from_wall(first.toordinal(), 0, zone), end


# --- starts -------------------------------------------------------------------------------------


def cut(
    free: Iterable[Interval], *, length: int, step: int, earliest: int, latest: int
) -> list[int]:
    """Starts of sessions of `length` seconds, every `step` from each interval's own start.

    Only starts with earliest <= start < latest: what is too early is left out without moving the
    grid, so that the list does not change with the moment of asking.
    """
    starts: list[int] = []
    for start, end in free:
        stop = end - length + 1
        if stop > latest:  # noqa: PLR1730  # a call to min() costs more than the rest
            stop = latest
        if start < earliest:
            start += -(-(earliest - start) // step) * step  # noqa: PLW2901
        if start < stop:
            starts += range(start, stop, step)
    return starts


def round_up(instant: int, unit: int, zone: ZoneInfo) -> int:
    """The first instant whose clock in `zone` shows a whole multiple of `unit` seconds."""
    offset = at(instant, zone).utcoffset() or timedelta()
    shift = int(offset.total_seconds())
    return -(-(instant + shift) // unit) * unit - shift


def clock_unit(step: int) -> int:
    """The largest of 60, 30, 20, 15, 10 and 5 minutes that divides `step` (seconds)."""
    return next((u * MINUTE for u in (60, 30, 20, 15, 10, 5) if step % (u * MINUTE) == 0), MINUTE)


def on_round_clock(
    free: Iterable[Interval], *, step: int, zone: ZoneInfo, earliest: int
) -> list[Interval]:
    """Each interval from its first round clock time in `zone` on (other products' grid).

    What is over by `earliest` does not count: the grid begins anew with what is left.
    """
    unit = clock_unit(step)
    return [(round_up(max(start, earliest), unit, zone), end) for start, end in free]


def under_daily_max(
    starts: Iterable[int], taken: Iterable[int], *, zone: ZoneInfo, most: int
) -> list[int]:
    """Without the dates in `zone` on which `most` sessions already start."""
    count: dict[int, int] = {}
    for instant in taken:
        day = local_ordinal(instant, zone)
        count[day] = count.get(day, 0) + 1
    full = {day for day, number in count.items() if number >= most}
    return [s for s in starts if local_ordinal(s, zone) not in full] if full else list(starts)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: sessions of `length`, every `step`, from `earliest` until before `latest`.

    All in seconds. `before` and `after` are the free time the new session needs around itself.
    With `clock`, starts begin at a round time on the clock of that zone, not with the window.
    """

    length: int
    step: int
    earliest: int
    latest: int
    before: int = 0
    after: int = 0
    clock: ZoneInfo | None = None


def free_starts(
    ask: Ask, windows: Sequence[Interval], busy: Iterable[Busy], taken: Sequence[Interval] = ()
) -> list[int]:
    """The starts that can be booked: the one list that pages show and bookings are checked with.

    `windows` are merged; `taken` are merged intervals already as wide as they need to be
    (school, rest times).
    """
    free = subtract(windows, blocked(busy, before=ask.before, after=ask.after))
    if taken:
        free = subtract(free, taken)
    if ask.clock is not None:
        free = on_round_clock(free, step=ask.step, zone=ask.clock, earliest=ask.earliest)
    return cut(free, length=ask.length, step=ask.step, earliest=ask.earliest, latest=ask.latest)


def utc(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
