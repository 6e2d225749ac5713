"""Sentences about time, for one reader's clock. No health word, no surname."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.timezones import clock_change_between, local, zone_name


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """ "16:00"; in an hour that a fold makes happen twice "01:30 GMT"."""
    here = local(moment, zone)
    text = f"{here:%H:%M}"
    twice = here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset()
    return f"{text} {zone_name(moment, zone)}" if twice else text


def when(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """ "today at 16:00", "tomorrow at 16:00", "on Tue 24 Nov at 16:00"."""
    days = (local(moment, zone).date() - local(now, zone).date()).days
    words = {"time": clock(moment, zone)}
    if days == 0:
        return _("today at %(time)s") % words
    if days == 1:
        return _("tomorrow at %(time)s") % words
    words["day"] = formats.date_format(local(moment, zone), "D j M")
    return _("on %(day)s at %(time)s") % words


def _amount(change: timedelta) -> str:
    minutes = abs(round(change.total_seconds() / 60))
    if minutes % 60 == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def clock_change_sentence(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Said when the reader's clocks change between now and then; "" otherwise."""
    change = clock_change_between(now, moment, zone)
    if change is None:
        return ""
    words = {"amount": _amount(change), "time": clock(moment, zone)}
    if change > timedelta(0):
        return (
            _(
                "Clocks go forward by %(amount)s before then."
                " %(time)s is what your clock will show on the day."
            )
            % words
        )
    return (
        _(
            "Clocks go back by %(amount)s before then."
            " %(time)s is what your clock will show on the day."
        )
        % words
    )


def same_clock(moment: datetime, one: ZoneInfo, other: ZoneInfo) -> bool:
    """Do two zones show the same time at this moment? Then naming both would only confuse."""
    return local(moment, one).utcoffset() == local(moment, other).utcoffset()
