"""`run_case`: one case of slot_cases.json through the pages' own functions.

Fields are described under "semantics" in the file. Where a case gives a busy item buffers of its
own, the product it comes from adds both sides' buffers up; ours takes the larger. The adapter then
hands the item over already widened, which is how a foreign calendar's block reaches us.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduling import slots

DAYS = {name: index for index, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
FREE_STATES = {"cancelled", "canceled", "rejected", "declined", "expired"}
LONG_AGO, FAR = "1971-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


def instant(text: str) -> int:
    return slots.seconds(datetime.fromisoformat(text))


def stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(text: str) -> int:
    """Minutes after midnight; a window written as xx:59:59 ends with the full minute."""
    hours, minutes, *rest = (int(part) for part in text.split(":"))
    return hours * 60 + minutes + (1 if rest and rest[0] == 59 else 0)


def windows_of(pairs: Iterable[Any]) -> list[tuple[int, int]]:
    return [
        (minute(pair["start"]), minute(pair["end"]))
        if isinstance(pair, dict)
        else (minute(pair[0]), minute(pair[1]))
        for pair in pairs
    ]


def span(value: Any) -> tuple[date, date]:
    if isinstance(value, dict):
        first = value.get("first") or value.get("start") or value["from"]
        last = value.get("last") or value.get("end") or value.get("to") or value.get("until")
        return date.fromisoformat(first), date.fromisoformat(last or first)
    return date.fromisoformat(value), date.fromisoformat(value)


def availability(case: dict[str, Any]) -> slots.Availability:
    travel = case.get("travel") or case.get("travel_zones") or []
    return slots.Availability(
        zone=ZoneInfo(case["therapist_tz"]),
        weekly=[
            slots.WeeklyWindow(DAYS[day], minute(row["start"]), minute(row["end"]))
            for row in case.get("weekly_hours", [])
            for day in row["days"]
        ],
        overrides={
            date.fromisoformat(row["date"]): windows_of(row["windows"])
            for row in case.get("date_overrides", [])
        },
        time_off=[span(row) for row in case.get("time_off_dates", [])],
        travel=[
            slots.Travel(*span(row), ZoneInfo(row.get("tz") or row["time_zone"])) for row in travel
        ],
    )


def open_windows(case: dict[str, Any], start: int, end: int) -> list[slots.Interval]:
    if "windows_utc" in case:
        given = [(instant(a), instant(b)) for a, b in case["windows_utc"]]
        found = slots.merge((a, b + 1 if b % 60 == 59 else b) for a, b in given)
    else:
        found = slots.open_windows(availability(case), start, end)
    for other in case.get("must_also_be_open", []):
        found = slots.intersect(found, open_windows(other, start, end))
    return found


def busy_of(case: dict[str, Any]) -> list[slots.Busy]:
    found = []
    for row in case.get("busy", []):
        if isinstance(row, list):
            found.append(slots.Busy(instant(row[0]), instant(row[1])))
        elif row.get("status", "confirmed") not in FREE_STATES:
            before, after = (
                row.get("own_buffer_before", 0) * 60,
                row.get("own_buffer_after", 0) * 60,
            )
            start, end = instant(row["start"]), instant(row["end"])
            if case.get("buffer_rule") == "max":
                found.append(slots.Busy(start, end, before, after))
            else:
                found.append(slots.Busy(start - before, end + after))
    return found


def starts(case: dict[str, Any]) -> list[int]:
    first, last = (instant(text) for text in case.get("range_utc", (LONG_AGO, FAR)))
    now = instant(case.get("now", LONG_AGO))
    earliest = max(first, now + case.get("min_notice_minutes", 0) * 60)
    latest = last
    if "horizon_days" in case:
        ahead = timedelta(days=case["horizon_days"])
        latest = min(last, slots.seconds(slots.utc(now) + ahead))
    step = case.get("step_minutes", case["session_minutes"]) * 60
    length = case["session_minutes"] * 60
    before, after = case.get("buffer_before", 0) * 60, case.get("buffer_after", 0) * 60
    ask = slots.Ask(length, step, earliest, latest, before, after)
    windows = open_windows(case, first, last)
    busy = busy_of(case)
    if case.get("align", "window_start") == "round_clock":
        zone = ZoneInfo(case.get("align_tz") or case.get("therapist_tz") or "UTC")
        free = slots.subtract(windows, slots.blocked(busy, before=before, after=after))
        ahead_of_us = slots.intersect(free, [(earliest, slots.FAR)])
        # Already cut by what is busy: only the grid is another one.
        windows, busy = slots.on_round_clock(ahead_of_us, step=step, zone=zone), []
    found = slots.free_starts(ask, windows, busy)
    if "daily_max" in case:
        zone = ZoneInfo(case.get("therapist_tz", "UTC"))
        taken = [row.start for row in busy_of(case)]
        found = slots.under_daily_max(found, taken, zone=zone, most=case["daily_max"])
    return found


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """The answer under the same key as the case's `expected_...`."""
    if case.get("kind") == "windows" or "expected_windows_utc" in case:
        first, last = (instant(text) for text in case["range_utc"])
        found = slots.intersect(open_windows(case, first, last), [(first, last)])
        return {"expected_windows_utc": [[stamp(start), stamp(end)] for start, end in found]}
    return {"expected_starts_utc": [stamp(start) for start in starts(case)]}
