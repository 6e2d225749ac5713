"""Who may come in where: booking, appointments, hours and calendars."""

from enum import StrEnum

from accounts import access as people
from accounts.doors import MEANS as PEOPLES_MEANS
from accounts.doors import Hat
from core.doors import BOTH, GET, POST, Anyone, Rule, page, task
from scheduling import access
from scheduling.access import RULES, Verb

ONLY: dict[str, set[StrEnum]] = {
    "booked_by": {Anyone.OWNER},
    "therapist__user": {Hat.SESSION_THERAPIST},
}
MEANS: dict[Rule, set[StrEnum]] = {
    **{
        verb: ONLY[rule.only] if rule.only else PEOPLES_MEANS[rule.on_child]
        for verb, rule in RULES.items()
    },
    access.get_therapist_for: {Hat.THERAPIST},
    access.get_rhythm_child_for: PEOPLES_MEANS[people.Verb.BOOK],
}

MY_HOURS, RHYTHM = access.get_therapist_for, access.get_rhythm_child_for

DOORS = (
    page("book", GET, people.Verb.BOOK, what="Choose a therapist for the child."),
    page("book_times", GET, people.Verb.BOOK, what="The times that are free."),
    page("book_hold", POST, people.Verb.BOOK, what="Hold a time while one decides."),
    page("book_confirm", BOTH, Verb.CONFIRM, what="Book the time one holds."),
    page("book_release", POST, Verb.CONFIRM, what="Let go of the time one holds."),
    page("appointments", GET, Anyone.SIGNED_IN, what="One's own appointments."),
    page("appointment", GET, Verb.SEE, what="One appointment."),
    page("appointment_move", BOTH, Verb.CHANGE, what="Move an appointment."),
    page("appointment_cancel", BOTH, Verb.CANCEL, what="Cancel an appointment."),
    page("appointment_file", GET, Verb.SEE, what="One appointment as a file for a calendar."),
    page("child_rhythm", GET, RHYTHM, what="The child's school and rest hours."),
    page("rhythm_add", POST, RHYTHM, what="Add school or rest hours."),
    page("rhythm_remove", POST, RHYTHM, what="Remove school or rest hours."),
    page("rhythm_rest", POST, RHYTHM, what="How long the child rests after a session."),
    page("hours", GET, MY_HOURS, what="A therapist's own working hours."),
    page("hours_add", POST, MY_HOURS, what="Add weekly hours."),
    page("hours_override", POST, MY_HOURS, what="Other hours on some dates."),
    page("hours_time_off", POST, MY_HOURS, what="Days off."),
    page("hours_travel", POST, MY_HOURS, what="Where one works on some dates."),
    page("hours_rules", POST, MY_HOURS, what="Notice and breaks for one's own bookings."),
    page("hours_remove", POST, MY_HOURS, what="Remove one's own hours."),
    page("reminders", BOTH, Anyone.SIGNED_IN, what="When one is reminded."),
    page("calendar_feed", GET, Anyone.SIGNED_IN, what="One's own secret calendar address."),
    page("calendar_feed_make", POST, Anyone.SIGNED_IN, what="Make a new one."),
    page("calendar_feed_revoke", POST, Anyone.SIGNED_IN, what="Turn it off."),
    page("calendar_file", GET, Anyone.HOLDER, what="One's own appointments, for a calendar."),
    task("scheduling.tasks.expire_holds", what="Let go of times that nobody booked."),
)
