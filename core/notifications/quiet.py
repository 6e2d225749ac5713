"""Quiet hours, on the reader's own wall clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.timezones import MINUTES_A_DAY, from_wall, local


def quiet_ends(
    now: datetime, *, quiet_from: int | None, quiet_until: int | None, zone: ZoneInfo
) -> datetime | None:
    """The instant the reader's present quiet hours end (UTC), or None if it is not quiet now.

    `quiet_from` and `quiet_until` are minutes of the day; from > until goes over midnight. None or
    equal values mean that there are no quiet hours.
    """
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return None
    # Yesterday's window may still run, and around a clock change a window has its own length: so
    # compare instants, not minutes of the day.
    length = (quiet_until - quiet_from) % MINUTES_A_DAY
    today = local(now, zone).date()
    for day in (today - timedelta(days=1), today):
        start = from_wall(day, quiet_from, zone)
        end = from_wall(day, quiet_from + length, zone)
        if start <= now < end:
            return end
    return None
