"""Stored hours put into the words of `slots`. No arithmetic here: that is all in there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduling import slots
from scheduling.models import ChildHours
from scheduling.rosters import Busy, ChildWeek, Roster, Weekly

MINUTE, DAY = slots.MINUTE, slots.DAY
# Starts on round minutes: a session and the break around it take a whole number of these.
GRID_MINUTES = 5


def starts_for(
    *,
    roster: Roster,
    week: ChildWeek,
    busy: Sequence[Busy],
    minutes: int,
    now: datetime,
    only: datetime | None = None,
) -> list[datetime]:
    """The starts (UTC) one therapist may offer one child, in order.

    With `only`, that single start if the whole session fits there, also between the grid's lines:
    a time that was held stays good when a neighbour's booking has moved the grid since.
    """
    rules, moment = roster.rules, slots.seconds(now)
    ask = slots.Ask(
        length=minutes * MINUTE,
        step=step_minutes(minutes, rules.buffer_before, rules.buffer_after) * MINUTE,
        earliest=moment + max(rules.min_notice_minutes * MINUTE, 1),
        latest=moment + rules.horizon_days * DAY,
        before=rules.buffer_before * MINUTE,
        after=rules.buffer_after * MINUTE,
    )
    start, end = moment, ask.latest + ask.length
    windows = slots.intersect(
        slots.open_windows(hours_of(roster), start, end), licensed(roster, week.zone)
    )
    if only is not None:
        begins = slots.seconds(only)
        windows = slots.intersect(windows, [(begins, begins + ask.length)])
    mine = [row for row in busy if row.therapist_id == roster.therapist.pk]
    found = slots.free_starts(
        ask,
        windows,
        [_taken(row, before=ask.before, after=ask.after) for row in mine],
        kept_free(week, busy, start, end),
    )
    found = slots.under_daily_max(
        found,
        [slots.seconds(row.starts_at) for row in mine],
        zone=roster.zone,
        most=rules.daily_max,
    )
    return [slots.utc(instant) for instant in found]


def step_minutes(minutes: int, before: int, after: int) -> int:
    """From one start to the next: a session and its break, so that a full day wastes nothing."""
    return -(-(minutes + max(before, after)) // GRID_MINUTES) * GRID_MINUTES


def _taken(row: Busy, *, before: int = 0, after: int = 0) -> slots.Busy:
    return slots.Busy(slots.seconds(row.starts_at), slots.seconds(row.ends_at), before, after)


def hours_of(roster: Roster) -> slots.Availability:
    return slots.Availability(
        zone=roster.zone,
        weekly=_weekly(roster.weekly),
        overrides={row.date: row.windows for row in roster.overrides},
        time_off=[(row.first, row.last) for row in roster.time_off],
        travel=[
            slots.Travel(row.first, row.last, ZoneInfo(row.time_zone)) for row in roster.travel
        ],
    )


def _weekly(rows: Iterable[Weekly]) -> list[slots.WeeklyWindow]:
    return [slots.WeeklyWindow(row.weekday, row.start, row.end) for row in rows]


def licensed(roster: Roster, zone: ZoneInfo) -> list[slots.Interval]:
    """Dates of the licences, on the child's calendar: the law of the place where the child is."""
    return slots.merge(slots.dates(zone, row.first, row.last) for row in roster.licences)


def kept_free(week: ChildWeek, busy: Sequence[Busy], start: int, end: int) -> list[slots.Interval]:
    """School, rest, and the child's other sessions. After a session comes the child's rest:
    neither school nor another session begins in it.
    """
    rest = week.rest_after_minutes * MINUTE
    school = [row for row in week.hours if row.kind == ChildHours.Kind.SCHOOL]
    at_rest = [row for row in week.hours if row.kind != ChildHours.Kind.SCHOOL]
    sessions = [_taken(row, after=rest) for row in busy if row.child_id == week.child.pk]
    return slots.merge(
        [
            *((a - rest, b) for a, b in _weekly_windows(school, week.zone, start, end)),
            *_weekly_windows(at_rest, week.zone, start, end),
            *slots.blocked(sessions, after=rest),
        ]
    )


def _weekly_windows(
    rows: Sequence[Weekly], zone: ZoneInfo, start: int, end: int
) -> list[slots.Interval]:
    return slots.open_windows(slots.Availability(zone=zone, weekly=_weekly(rows)), start, end)
