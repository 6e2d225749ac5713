"""Slots of 50 therapists over 4 weeks with 2,000 busy intervals, 3 zones with a clock change.

Ceiling, measured in the same run: plain integer interval arithmetic on the same data, that is
windows already converted to seconds, busy time taken out and the rest cut, in one flat loop.
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
LENGTH, RUNS = 25 * 60, 21


def data() -> list[tuple[Availability, list[Busy]]]:
    rng = random.Random(7)  # noqa: S311  # the same data in every run
    people = []
    for number in range(50):
        weekly = [
            WeeklyWindow(day, opens, closes)
            for day in range(5)
            for opens, closes in ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
        ]
        busy = []
        for _ in range(40):
            begin = START + rng.randrange(28 * 96) * 900
            busy.append(Busy(begin, begin + 50 * 60, 0, 600))
        people.append((Availability(ZONES[number % 3], weekly), busy))
    return people


def ours(people: list[tuple[Availability, list[Busy]]]) -> int:
    ask = Ask(LENGTH, LENGTH, START, END, 0, 600)
    return sum(
        len(slots.free_starts(ask, slots.open_windows(who, START, END), busy))
        for who, busy in people
    )


def plain(people: list[tuple[list[slots.Interval], list[slots.Interval]]]) -> int:
    """What integer arithmetic costs at least: sort, sweep, cut."""
    total = 0
    for windows, taken in people:
        starts = []
        cuts = sorted(taken)
        for opens, closes in sorted(windows):
            begin = opens
            for cut_start, cut_end in cuts:
                if cut_end <= begin:
                    continue
                if cut_start >= closes:
                    break
                while begin + LENGTH <= cut_start:
                    starts.append(begin)
                    begin += LENGTH
                begin = max(begin, cut_end)
            while begin + LENGTH <= closes:
                starts.append(begin)
                begin += LENGTH
        total += len(starts)
    return total


def timed(work: Callable[[], int]) -> tuple[float, int]:
    begin = time.perf_counter()
    answer = work()
    return (time.perf_counter() - begin) * 1000, answer


def main() -> Iterable[dict[str, Any]]:
    people = data()
    ready = [
        (
            slots.open_windows(who, START, END),
            [(b.start - max(600, b.before), b.end + max(0, b.after)) for b in busy],
        )
        for who, busy in people
    ]
    mine, floor = [], []
    for _ in range(RUNS):  # alternated: the machine is shared
        mine.append(timed(lambda: ours(people)))
        floor.append(timed(lambda: plain(ready)))
    assert mine[0][1] == floor[0][1], "both must find the same starts"
    ours_ms = statistics.median(ms for ms, _ in mine)
    floor_ms = statistics.median(ms for ms, _ in floor)
    yield {
        "bench": "slots",
        "therapists": 50,
        "busy": 2000,
        "slots": mine[0][1],
        "ours_ms": round(ours_ms, 2),
        "ceiling_ms": round(floor_ms, 2),
        "ratio": round(ours_ms / floor_ms, 2),
        "target": "<= 2",
        "met": ours_ms <= 2 * floor_ms,
    }
