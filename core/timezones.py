"""Between the clock on a wall and an instant, where clocks change.

Instants are aware datetimes in UTC. Wall times are a date and minutes since its midnight; minutes
from 1440 on belong to the next day (hours past midnight). No ORM here: pure functions.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import gettext as _

MINUTES_A_DAY = 24 * 60


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "posix/")))
    )


def _tzdata(name: str) -> list[list[str]]:
    """The fields of each line of one of tzdata's own tables."""
    text = (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def zones_by_region() -> list[tuple[str, list[tuple[str, str]]]]:
    """Grouped choices for a drop-down: today's name of each place, none of its old ones."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(row[2] for row in _tzdata("zone.tab")):
        region, _slash, place = name.partition("/")
        regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return [*regions.items(), ("UTC", [("UTC", "UTC")])]


@lru_cache(maxsize=1)
def zone_aliases() -> dict[str, str]:
    """Old name -> today's: some browsers still say "Asia/Calcutta"."""
    return {row[2]: row[1] for row in _tzdata("tzdata.zi") if row[0] == "L"}


def validate_zone(name: str) -> None:
    """Model validator; a zone column has no `choices`, or every tzdata release is a migration."""
    if name not in _zone_names():
        raise ValidationError(_("Please choose a time zone from the list."), code="zone")


def _aware(dt: datetime) -> datetime:
    if dt.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return dt


def from_wall(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant at which the wall clock in `zone` shows `minute` of `day`.

    In a gap (clocks jump forward over it) the time moves forward by the gap: 01:30 becomes 02:30.
    In a fold (the hour happens twice) it is the first of the two.
    """
    days, rest = divmod(minute, MINUTES_A_DAY)
    wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60))
    # fold=0 is exactly this rule: the earlier offset, which for a gap lies an hour ahead.
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local(dt: datetime, zone: ZoneInfo) -> datetime:
    """The same instant on the wall clock of `zone`. ValueError for a naive datetime."""
    return _aware(dt).astimezone(zone)


def _offset_name(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def zone_place(name: str) -> str:
    """A zone as people say it: "London", "Salta, Argentina"; never with slashes."""
    return ", ".join(reversed(name.split("/")[1:])).replace("_", " ") or name


def zone_name(dt: datetime, zone: ZoneInfo) -> str:
    """Short name at this instant: "GMT", "BST", or "UTC+4" where a zone has only a number."""
    here = local(dt, zone)
    name = here.tzname() or ""
    offset = here.utcoffset() or timedelta()
    return name if name and name[0] not in "+-" else _offset_name(offset)


def _has_fold(here: datetime, zone: ZoneInfo) -> bool:
    """Does the clock go back on this local day, so that one time of day means two instants?"""
    midnight = datetime.combine(here.date(), time(), tzinfo=zone)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), time(), tzinfo=zone)
    before, after = midnight.utcoffset(), tomorrow.utcoffset()
    return before is not None and after is not None and after < before


def label(dt: datetime, zone: ZoneInfo) -> str:
    """ "Tue 24 Nov, 16:00 GMT"; on a day when clocks go back "... 01:30 BST (UTC+1)"."""
    here = local(dt, zone)
    text = f"{formats.date_format(here, 'D j M, H:i')} {zone_name(dt, zone)}"
    if _has_fold(here, zone) and here.utcoffset() is not None:
        offset = _offset_name(here.utcoffset() or timedelta())
        return text if text.endswith(offset) else f"{text} ({offset})"
    return text


def spoken(dt: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """As one says it at home: "Today, 16:00", "Friday 4 Dec, 16:00"; no zone but in a fold.

    The day and its month stay on one line.
    """
    here = local(dt, zone)
    if _has_fold(here, zone):
        return label(dt, zone)
    days = (here.date() - local(now, zone).date()).days
    words = {"time": f"{here:%H:%M}", "day": formats.date_format(here, "l j\xa0M")}
    if days == 0:
        return _("Today, %(time)s") % words
    if days == 1:
        return _("Tomorrow, %(time)s") % words
    return _("%(day)s, %(time)s") % words


def clock_change_between(a: datetime, b: datetime, zone: ZoneInfo) -> timedelta | None:
    """By how much clocks in `zone` stand differently at `b` than at `a`; None if they do not."""
    before, after = local(a, zone).utcoffset(), local(b, zone).utcoffset()
    if before is None or after is None or before == after:
        return None
    return after - before
