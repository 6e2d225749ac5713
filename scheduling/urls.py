"""Doors of booking, appointments, hours and calendars. Included at the root."""

from django.urls import path

from scheduling.views import appointments, booking, calendars, hours, rhythm

urlpatterns = [
    path("book/<uuid:child_id>/", booking.choose_therapist, name="book"),
    path("book/<uuid:child_id>/times/", booking.choose_time, name="book_times"),
    path("book/<uuid:child_id>/hold/", booking.hold, name="book_hold"),
    path("book/held/<uuid:appointment_id>/", booking.confirm, name="book_confirm"),
    path("book/held/<uuid:appointment_id>/release/", booking.release, name="book_release"),
    path("appointments/", appointments.listing, name="appointments"),
    path("appointments/<uuid:appointment_id>/", appointments.detail, name="appointment"),
    path("appointments/<uuid:appointment_id>/move/", appointments.move, name="appointment_move"),
    path(
        "appointments/<uuid:appointment_id>/cancel/",
        appointments.cancel,
        name="appointment_cancel",
    ),
    path(
        "appointments/<uuid:appointment_id>/appointment.ics",
        calendars.download,
        name="appointment_file",
    ),
    path("children/<uuid:child_id>/rhythm/", rhythm.page, name="child_rhythm"),
    path("children/<uuid:child_id>/rhythm/hours/", rhythm.add_hours, name="rhythm_add"),
    path(
        "children/<uuid:child_id>/rhythm/hours/<uuid:row_id>/remove/",
        rhythm.remove_hours,
        name="rhythm_remove",
    ),
    path("children/<uuid:child_id>/rhythm/rest/", rhythm.set_rest, name="rhythm_rest"),
    path("hours/", hours.page, name="hours"),
    path("hours/weekly/", hours.add_weekly, name="hours_add"),
    path("hours/dates/", hours.set_override, name="hours_override"),
    path("hours/off/", hours.add_time_off, name="hours_time_off"),
    path("hours/travel/", hours.add_travel, name="hours_travel"),
    path("hours/rules/", hours.set_rules, name="hours_rules"),
    path("hours/<str:kind>/<uuid:row_id>/remove/", hours.remove, name="hours_remove"),
    path("reminders/", calendars.reminders, name="reminders"),
    path("calendar/", calendars.feed_page, name="calendar_feed"),
    path("calendar/new/", calendars.make_feed, name="calendar_feed_make"),
    path("calendar/off/", calendars.revoke_feed, name="calendar_feed_revoke"),
    path("calendar/<str:token>.ics", calendars.feed_file, name="calendar_file"),
]
