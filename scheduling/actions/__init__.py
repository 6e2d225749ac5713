"""Every write of this app, by topic."""

from scheduling.actions.booking import confirm, expire_holds, hold, release
from scheduling.actions.changes import cancel, reschedule
from scheduling.actions.feed import make_feed, revoke_feed
from scheduling.actions.hours import (
    add_child_hours,
    add_time_off,
    add_travel,
    add_weekly_hours,
    remove_child_hours,
    remove_override,
    remove_time_off,
    remove_travel,
    remove_weekly_hours,
    set_override,
    set_rest,
    set_rules,
)
from scheduling.actions.reminding import choose_reminders

__all__ = [
    "add_child_hours",
    "add_time_off",
    "add_travel",
    "add_weekly_hours",
    "cancel",
    "choose_reminders",
    "confirm",
    "expire_holds",
    "hold",
    "make_feed",
    "release",
    "remove_child_hours",
    "remove_override",
    "remove_time_off",
    "remove_travel",
    "remove_weekly_hours",
    "reschedule",
    "revoke_feed",
    "set_override",
    "set_rest",
    "set_rules",
]
