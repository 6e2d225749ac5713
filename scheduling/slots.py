"""When may a session start? Interval arithmetic on instants, without the ORM and without Django.

    windows  minus  busy  ->  free  ->  intersect with other people's windows  ->  cut into starts

Inside, an instant is an `int`: seconds since 1970 UTC; an interval is half open, `(start, end)`.
Wall-clock times (a date and minutes after its midnight) are converted once per window edge, never
per candidate. At the edge `at()` gives an aware datetime: an instant plus a zone.

Wall times that do not exist are read with the offset before the gap, those that exist twice mean
the first (RFC 5545, 3.3.5). A window is the elapsed time between its two edges, so both hours of a
repeated hour are inside it, and nothing starts in a gap. The grid is counted from the start of
each free window, so every viewer, in any zone and at any moment, sees the same instants.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Interval = tuple[int, int]
MINUTE, DAY = 60, 86_400
DAY_MINUTES = 1_440
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
FAR = 1 << 40  # later than any appointment


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Minutes after midnight on one weekday (Monday is 0); the end may lie on the next day."""

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
    """One person's hours. An override replaces its date; time off is dates in the person's zone."""

    zone: ZoneInfo
    weekly: Sequence[WeeklyWindow] = ()
    overrides: Mapping[date, Sequence[tuple[int, int]]] = field(default_factory=dict)
    time_off: Sequence[tuple[date, date]] = ()
    travel: Sequence[Travel] = ()


@dataclass(frozen=True, slots=True)
class Busy:
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
    """The instant of `minute` minutes on the clock after midnight of the day `ordinal`."""
    days, minute = divmod(minute, DAY_MINUTES)
    ordinal += days
    offset = _steady_offset(ordinal, zone)
    if offset is None:  # a clock change on this day: ask for this very minute
        midnight = datetime.fromordinal(ordinal)
        wall = midnight.replace(hour=minute // 60, minute=minute % 60, tzinfo=zone)
        return int(wall.timestamp())
    return (ordinal - EPOCH_ORDINAL) * DAY + minute * MINUTE - offset


@lru_cache(maxsize=65_536)
def _steady_offset(ordinal: int, zone: ZoneInfo) -> int | None:
    """Seconds east of UTC on a day without a clock change; None on a day with one."""
    start = datetime.fromordinal(ordinal).replace(tzinfo=zone).utcoffset()
    end = datetime.fromordinal(ordinal + 1).replace(tzinfo=zone).utcoffset()
    if start is None or start != end:
        return None
    return int(start.total_seconds())


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
        if start >= end:
            continue
        if start > last_end:
            if last_end > -FAR:
                merged.append((last_start, last_end))
            last_start, last_end = start, end
        elif end > last_end:
            last_end = end
    if last_end > -FAR:
        merged.append((last_start, last_end))
    return merged


def subtract(open_: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """`open_` without `taken`; both merged."""
    free: list[Interval] = []
    index, count = 0, len(taken)
    for start, end in open_:
        while index < count and taken[index][1] <= start:
            index += 1
        probe = index
        while probe < count and taken[probe][0] < end:
            cut_start, cut_end = taken[probe]
            if cut_start > start:
                free.append((start, cut_start))
            start = cut_end  # noqa: PLW2901
            if start >= end:
                break
            probe += 1
        if start < end:
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
    return merge(
        (
            row.start - (max(row.before, after)),
            row.end + (max(row.after, before)),
        )
        for row in busy
    )


# --- windows ------------------------------------------------------------------------------------


def open_windows(availability: Availability, start: int, end: int) -> list[Interval]:
    """The open intervals that touch `start` to `end`, whole: callers clip or filter."""
    zone = availability.zone
    by_weekday: dict[int, list[tuple[int, int]]] = {}
    for window in availability.weekly:
        if window.end > window.start:  # a rule that ends before it starts gives nothing
            by_weekday.setdefault(window.weekday, []).append((window.start, window.end))
    closed = [(first.toordinal(), last.toordinal()) for first, last in availability.time_off]
    overrides = {day.toordinal(): windows for day, windows in availability.overrides.items()}
    travel = [(t.first.toordinal(), t.last.toordinal(), t.zone) for t in availability.travel]
    found: list[Interval] = []
    first = local_ordinal(start, zone) - 2  # hours past midnight, and travel far to the west
    for ordinal in range(first, local_ordinal(end, zone) + 3):
        windows = overrides.get(ordinal)
        if windows is None:
            windows = by_weekday.get((ordinal - 1) % 7)
        if not windows or any(a <= ordinal <= b for a, b in closed):
            continue
        here = next((other for a, b, other in travel if a <= ordinal <= b), zone)
        offset = _steady_offset(ordinal, here)
        midnight = (ordinal - EPOCH_ORDINAL) * DAY
        for opens, closes in windows:
            if offset is None or closes > DAY_MINUTES:
                edges = from_wall(ordinal, opens, here), from_wall(ordinal, closes, here)
            elif closes == DAY_MINUTES:
                edges = midnight + opens * MINUTE - offset, from_wall(ordinal, closes, here)
            else:
                edges = midnight + opens * MINUTE - offset, midnight + closes * MINUTE - offset
            if edges[1] > start and edges[0] < end:
                found.append(edges)
    return merge(found)


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
        if start < earliest:
            start += -(-(earliest - start) // step) * step  # noqa: PLW2901
        last = end - length
        if last >= latest:
            last = latest - 1
        if start <= last:
            starts.extend(range(start, last + 1, step))
    return starts


def round_up(instant: int, unit: int, zone: ZoneInfo) -> int:
    """The first instant whose clock in `zone` shows a whole multiple of `unit` seconds."""
    offset = at(instant, zone).utcoffset() or timedelta()
    shift = int(offset.total_seconds())
    return -(-(instant + shift) // unit) * unit - shift


def clock_unit(step: int) -> int:
    """The largest of 60, 30, 20, 15, 10 and 5 minutes that divides `step` (seconds)."""
    return next((u * MINUTE for u in (60, 30, 20, 15, 10, 5) if step % (u * MINUTE) == 0), MINUTE)


def on_round_clock(free: Iterable[Interval], *, step: int, zone: ZoneInfo) -> list[Interval]:
    """Each interval moved up to the next round clock time in `zone` (other products' grid)."""
    unit = clock_unit(step)
    return [(round_up(start, unit, zone), end) for start, end in free]


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
    """

    length: int
    step: int
    earliest: int
    latest: int
    before: int = 0
    after: int = 0


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
    return cut(free, length=ask.length, step=ask.step, earliest=ask.earliest, latest=ask.latest)


def utc(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
