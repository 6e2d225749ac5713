"""Stored hours in the words of `slots`, the pure arithmetic. STAND-IN until slots.py is here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.timezones import from_wall, local
from scheduling.rosters import Busy, ChildWeek, Roster

Span = tuple[datetime, datetime]


def _merge(spans):
    out = []
    for a, b in sorted(spans):
        if a >= b:
            continue
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out


def _minus(spans, cuts):
    out = []
    cuts = _merge(cuts)
    for a, b in _merge(spans):
        at = a
        for c, d in cuts:
            if d <= at or c >= b:
                continue
            if c > at:
                out.append((at, c))
            at = max(at, d)
        if at < b:
            out.append((at, b))
    return out


def _days(first, last):
    while first <= last:
        yield first
        first += timedelta(days=1)


def starts_for(
    *, roster: Roster, week: ChildWeek, busy: Sequence[Busy], minutes: int, now: datetime
) -> list[datetime]:
    rules = roster.rules
    first = local(now, roster.zone).date() - timedelta(days=2)
    last = first + timedelta(days=rules.horizon_days + 4)
    overrides = {o.date: o.windows for o in roster.overrides}
    windows = []
    for day in _days(first, last):
        if any(p.first <= day <= p.last for p in roster.time_off):
            continue
        zone = next(
            (ZoneInfo(p.time_zone) for p in roster.travel if p.first <= day <= p.last), roster.zone
        )
        todays = overrides.get(
            day, [(w.start, w.end) for w in roster.weekly if w.weekday == day.weekday()]
        )
        windows += [(from_wall(day, a, zone), from_wall(day, b, zone)) for a, b in todays]
    licence = [
        (
            from_wall(x.first, 0, week.zone),
            from_wall(x.last + timedelta(days=1), 0, week.zone)
            if x.last
            else now + timedelta(days=4000),
        )
        for x in roster.licences
    ]
    gap = timedelta(minutes=max(rules.buffer_before, rules.buffer_after))
    rest = timedelta(minutes=week.rest_after_minutes)
    cuts = []
    for row in busy:
        if row.therapist_id == roster.therapist.pk:
            cuts.append((row.starts_at - gap, row.ends_at + gap))
        if row.child_id == week.child.pk:
            cuts.append((row.starts_at - rest, row.ends_at + rest))
    for day in _days(first, last):
        for h in week.hours:
            if h.weekday == day.weekday():
                a, b = from_wall(day, h.start, week.zone), from_wall(day, h.end, week.zone)
                cuts.append((a - (rest if h.kind == "school" else timedelta(0)), b))
    free = _minus(windows, cuts)
    free = _minus(free, _minus([(now - timedelta(days=9), now + timedelta(days=4000))], licence))
    earliest = now + timedelta(minutes=rules.min_notice_minutes)
    latest = now + timedelta(days=rules.horizon_days)
    counts: dict = {}
    for row in busy:
        if row.therapist_id == roster.therapist.pk:
            d = local(row.starts_at, roster.zone).date()
            counts[d] = counts.get(d, 0) + 1
    step = timedelta(minutes=-(-(minutes + max(rules.buffer_before, rules.buffer_after)) // 5) * 5)
    out = []
    for a, b in free:
        while a + timedelta(minutes=minutes) <= b:
            if (
                earliest <= a <= latest
                and a > now
                and counts.get(local(a, roster.zone).date(), 0) < rules.daily_max
            ):
                out.append(a)
            a += step
    return out
