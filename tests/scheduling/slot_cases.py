"""`run_case`: one case of slot_cases.json through the pages' own functions.

Fields are described under "semantics" in the file. Where a case gives a busy item buffers of its
own, the product it comes from adds both sides' buffers up; ours takes the larger. The adapter then
hands the item over already widened, which is how a foreign calendar's block reaches us. A case
with `"buffer_rule": "max"` gets our own rule.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduling import slots

Case = dict[str, Any]
DAYS = {name: index for index, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
FREE_STATES = {"cancelled", "canceled", "rejected", "declined", "expired", "free"}
LONG_AGO = 0
YEAR = 366 * slots.DAY


def instant(text: str) -> int:
    return slots.seconds(datetime.fromisoformat(text))


def stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone_of(case: Case) -> ZoneInfo:
    return ZoneInfo(case.get("therapist_tz") or "UTC")


def given_range(case: Case) -> tuple[int, int]:
    """The query's half-open range; without one a year from now."""
    now = instant(case["now"]) if "now" in case else None
    if case.get("range_utc"):
        first, last = (instant(text) for text in case["range_utc"])
        return first, last
    if case.get("windows_utc"):
        edges = [instant(text) for pair in case["windows_utc"] for text in pair]
        return min(edges), max(edges) + 1
    return now or LONG_AGO, (now or LONG_AGO) + YEAR


def minute(value: str | int) -> int:
    """Minutes after midnight; a window written as xx:59:59 ends with the full minute."""
    if isinstance(value, int):
        return value
    hours, minutes, *rest = (int(part) for part in value.split(":"))
    return hours * 60 + minutes + (1 if rest and rest[0] == 59 else 0)


def windows_of(rows: Iterable[Any]) -> list[tuple[int, int]]:
    pairs = ((row["start"], row["end"]) if isinstance(row, dict) else row for row in rows)
    return [(minute(opens), minute(closes)) for opens, closes in pairs]


def weekly_of(rows: Iterable[Case]) -> list[slots.WeeklyWindow]:
    return [
        slots.WeeklyWindow(day if isinstance(day, int) else DAYS[day[:3].lower()], opens, closes)
        for row in rows
        for day in row["days"]
        for opens, closes in windows_of([row])
    ]


def first_of(row: Case, *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def dates_of(value: Any) -> tuple[date, date]:
    """A date, two dates, or an object with its first and last date: both ends included."""
    if isinstance(value, dict):
        first = first_of(value, "date", "first", "start", "starts_on", "from")
        last = first_of(value, "last", "end", "ends_on", "to", "until") or first
    else:
        first, last = (value, value) if isinstance(value, str) else value
    return date.fromisoformat(first), date.fromisoformat(last)


def hours_of(case: Case) -> slots.Availability:
    travel = first_of(case, "travel", "travel_zones") or []
    return slots.Availability(
        zone=zone_of(case),
        weekly=weekly_of(case.get("weekly_hours", [])),
        overrides={
            date.fromisoformat(row["date"]): windows_of(row["windows"])
            for row in case.get("date_overrides", [])
        },
        time_off=[dates_of(row) for row in case.get("time_off_dates", [])],
        travel=[
            slots.Travel(*dates_of(row), ZoneInfo(first_of(row, "tz", "time_zone", "zone")))
            for row in travel
        ],
    )


def open_windows(case: Case, start: int, end: int) -> list[slots.Interval]:
    if "windows_utc" in case:
        given = [(instant(a), instant(b)) for a, b in case["windows_utc"]]
        found = slots.merge((a, b + 1 if b % 60 == 59 else b) for a, b in given)
    else:
        found = slots.open_windows(hours_of(case), start, end)
    for other in case.get("must_also_be_open", []):
        found = slots.intersect(found, open_windows(other, start, end))
    return found


def blocking(case: Case) -> list[Any]:
    """What takes time: also what is only held or pending."""
    rows = case.get("busy", [])
    return [r for r in rows if isinstance(r, list) or r.get("status") not in FREE_STATES]


def busy_of(case: Case) -> list[slots.Busy]:
    found = []
    for row in blocking(case):
        if isinstance(row, list):
            found.append(slots.Busy(instant(row[0]), instant(row[1])))
            continue
        before, after = (
            row.get(f"own_buffer_{side}", 0) * slots.MINUTE for side in ("before", "after")
        )
        start, end = instant(row["start"]), instant(row["end"])
        if case.get("buffer_rule") in {"max", "larger"}:
            found.append(slots.Busy(start, end, before, after))
        else:
            found.append(slots.Busy(start - before, end + after))
    return found


def kept_free(case: Case, start: int, end: int) -> list[slots.Interval]:
    """The child's school and rest times, on the child's clock."""
    rows = [*case.get("school_hours", []), *case.get("rest_hours", [])]
    zone = ZoneInfo(first_of(case, "child_tz", "viewer_tz", "therapist_tz") or "UTC")
    hours = slots.Availability(zone, weekly_of(rows))
    return slots.open_windows(hours, start, end)


def ask_of(case: Case) -> slots.Ask:
    first, last = given_range(case)
    now = instant(case["now"]) if "now" in case else LONG_AGO
    notice = first_of(case, "min_notice_minutes", "notice_minutes") or 0
    if case.get("horizon_days") is not None:
        last = min(last, now + case["horizon_days"] * slots.DAY)
    length = case["session_minutes"] * slots.MINUTE
    clock = None
    if case.get("align") == "round_clock":
        clock = ZoneInfo(first_of(case, "align_tz", "viewer_tz", "therapist_tz") or "UTC")
    return slots.Ask(
        length=length,
        step=(case.get("step_minutes") or case["session_minutes"]) * slots.MINUTE,
        earliest=max(first, now + notice * slots.MINUTE),
        latest=last,
        before=case.get("buffer_before", 0) * slots.MINUTE,
        after=case.get("buffer_after", 0) * slots.MINUTE,
        clock=clock,
    )


def starts(case: Case) -> list[int]:
    first, last = given_range(case)
    # A day more on both sides: the last session may end after the range.
    start, end = first - slots.DAY, last + slots.DAY
    windows = open_windows(case, start, end)
    found = slots.free_starts(ask_of(case), windows, busy_of(case), kept_free(case, start, end))
    if case.get("daily_max") is None:
        return found
    rows = blocking(case)
    taken = [instant(row[0] if isinstance(row, list) else row["start"]) for row in rows]
    return slots.under_daily_max(found, taken, zone=zone_of(case), most=case["daily_max"])


def run_case(case: Case) -> Case:
    """The answer under the same key as the case's `expected_...`."""
    if case.get("kind") == "windows" or "expected_windows_utc" in case:
        first, last = given_range(case)
        found = slots.intersect(open_windows(case, first, last), [(first, last)])
        return {"expected_windows_utc": [[stamp(start), stamp(end)] for start, end in found]}
    return {"expected_starts_utc": [stamp(start) for start in starts(case)]}
