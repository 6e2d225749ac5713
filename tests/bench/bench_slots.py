"""Slots of 50 therapists over 4 weeks with 2,000 busy intervals, 3 zones with a clock change.

Data: 17 or 16 therapists each in London, Berlin and New York, 12 October to 8 November 2026 (all
three change their clocks in between). Monday to Friday 08:30-12:00 and 13:00-17:00; each has 40
sessions of 50 minutes with 10 minutes after, at random quarter hours of the 4 weeks. Sessions of
25 minutes with 10 minutes after are looked for, every 25 minutes.

Measured: what the pages call, from the hours on the clock and the busy rows to the list of starts.
Ceiling, in the same run: plain integer interval arithmetic on the same data, that is one flat loop
by hand over windows that somebody has already converted to seconds, sorted and merged; it widens
and sorts the busy time, takes it out and cuts. Both must find the same starts.
Processor time, because the machine is shared; ours and the ceiling alternate.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduling import slots
from scheduling.slots import Ask, Availability, Busy, WeeklyWindow

ZONES = [ZoneInfo(name) for name in ("Europe/London", "Europe/Berlin", "America/New_York")]
START = slots.seconds(datetime(2026, 10, 12, tzinfo=UTC))  # the clocks change in these 4 weeks
END = START + 28 * 86_400
LENGTH, BREAK, RUNS = 25 * 60, 10 * 60, 41


def data() -> list[tuple[Availability, list[Busy]]]:
    rng = random.Random(7)  # noqa: S311  # the same data in every run
    people = []
    for number in range(50):
        weekly = [
            WeeklyWindow(day, opens, closes)
            for day in range(5)
            for opens, closes in ((8 * 60 + 30, 12 * 60), (13 * 60, 17 * 60))
        ]
        busy = []
        for _ in range(40):
            begin = START + rng.randrange(28 * 96) * 900
            busy.append(Busy(begin, begin + 50 * 60, after=BREAK))
        people.append((Availability(ZONES[number % 3], weekly), busy))
    return people


def ours(people: list[tuple[Availability, list[Busy]]]) -> list[list[int]]:
    ask = Ask(LENGTH, LENGTH, START, END, after=BREAK)
    return [
        slots.free_starts(ask, slots.open_windows(who, START, END), busy) for who, busy in people
    ]


def plain(people: list[tuple[list[slots.Interval], list[slots.Interval]]]) -> list[list[int]]:
    """What integer arithmetic costs at least: widen, sort, sweep, cut."""
    answer = []
    for windows, taken in people:
        starts: list[int] = []
        cuts = sorted([(begin - BREAK, end + BREAK) for begin, end in taken])
        index, count = 0, len(cuts)
        for begin, closes in windows:
            while index < count and cuts[index][0] < closes:
                cut_start, cut_end = cuts[index]
                if cut_start - begin >= LENGTH:
                    starts.extend(range(begin, cut_start - LENGTH + 1, LENGTH))
                if cut_end > begin:  # noqa: PLR1730  # a call to max() would slow the ceiling
                    begin = cut_end  # noqa: PLW2901
                if cut_end > closes:
                    break
                index += 1
            if closes - begin >= LENGTH:
                starts.extend(range(begin, closes - LENGTH + 1, LENGTH))
        answer.append(starts)
    return answer


def timed(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


def main() -> Iterable[dict[str, Any]]:
    people = data()
    ready = [
        (slots.open_windows(who, START, END), [(row.start, row.end) for row in busy])
        for who, busy in people
    ]
    found = ours(people)
    assert found == plain(ready), "both must find the same starts"
    runs = [(timed(lambda: ours(people)), timed(lambda: plain(ready))) for _ in range(RUNS)]
    ours_ms = statistics.median(mine for mine, _ in runs)
    ceiling_ms = statistics.median(floor for _, floor in runs)
    ratio = statistics.median(mine / floor for mine, floor in runs)
    yield {
        "number": "listing",
        "therapists": len(people),
        "busy": sum(len(busy) for _, busy in people),
        "slots": sum(len(starts) for starts in found),
        "runs": RUNS,
        "ours_ms": round(ours_ms, 2),
        "ceiling_ms": round(ceiling_ms, 2),
        "ratio": round(ratio, 2),
        "target": "<= 2",
        "met": ratio <= 2,
    }
