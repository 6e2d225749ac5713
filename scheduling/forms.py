"""Shape and wording of what people enter. Whether it is allowed is the actions' business."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.forms import TimeZoneField
from scheduling.models import DAY, BookingRules, CancelReason, ChildHours, Weekday, WhoJoins

ANY = "any"  # instead of a therapist's id: whoever has time
LENGTHS = [(50, _("50 minutes")), (25, _("25 minutes"))]
LONGEST = 24 * 60
YEARS = range(2000, 2200)  # far from the ends of the calendar, where adding minutes overflows


class InstantField(forms.Field):
    """An instant as "2026-11-24T16:00:00+00:00". A time without an offset is refused: in an hour
    that happens twice nobody could say which one was meant."""

    default_error_messages = {
        "invalid": _("That time cannot be booked. Please choose one of the times shown.")
    }
    widget = forms.HiddenInput

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
            instant = moment.astimezone(UTC) if moment.tzinfo else None
        except (ValueError, OverflowError) as exc:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from exc
        if instant is None or instant.year not in YEARS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return instant


def parse_instant(text: str) -> datetime:
    """UTC; ValidationError for anything that is not an instant with an offset."""
    moment: datetime = InstantField().clean(text)
    return moment


class SlotForm(forms.Form):
    """One pressed time: "therapist's id|instant". The list remembers who has that time."""

    slot = forms.CharField(
        max_length=100,
        widget=forms.HiddenInput,
        error_messages={"required": InstantField.default_error_messages["invalid"]},
    )
    minutes = forms.IntegerField(min_value=1, max_value=LONGEST, widget=forms.HiddenInput)
    who = forms.ChoiceField(required=False, choices=WhoJoins.choices)

    def clean_slot(self) -> tuple[UUID, datetime]:
        therapist, _bar, instant = self.cleaned_data["slot"].partition("|")
        try:
            return UUID(therapist), parse_instant(instant)
        except ValueError as exc:
            raise ValidationError(
                InstantField.default_error_messages["invalid"], code="invalid"
            ) from exc


class LookForm(forms.Form):
    """Where on the list a family is looking: everything optional, nonsense ignored."""

    therapist = forms.UUIDField(required=False)
    minutes = forms.IntegerField(required=False, min_value=1, max_value=LONGEST)
    day = forms.DateField(required=False)
    starts_at = InstantField(required=False)
    who = forms.ChoiceField(required=False, choices=WhoJoins.choices)

    def wish(self, name: str) -> Any:
        """The value if it makes sense, else None."""
        self.is_valid()
        return self.cleaned_data.get(name) or None


class ConfirmForm(forms.Form):
    who_joins = forms.ChoiceField(
        label=_("Who joins?"),
        choices=WhoJoins.choices,
        initial=WhoJoins.CHILD,
        widget=forms.RadioSelect,
    )


class MoveForm(forms.Form):
    starts_at = InstantField()


class CancelForm(forms.Form):
    """Reasons in the order of the model: a flare comes first and is as good as any."""

    reason = forms.ChoiceField(
        label=_("What happened?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose one of the reasons.")},
    )

    def __init__(self, *args: Any, reasons: list[CancelReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(reason.value, reason.label) for reason in reasons]


def minutes_of(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def clock_field(label: Any, **kwargs: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, **kwargs)


def date_field(label: Any, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **kwargs)


class WindowForm(forms.Form):
    """From and to on a clock. Past midnight must be said, so that 17 to 9 is not a night shift."""

    start = clock_field(_("From"))
    end = clock_field(_("To"))
    next_day = forms.BooleanField(label=_("It ends on the next day"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("start"), data.get("end")
        if start is None or end is None:
            return data
        begins, ends = minutes_of(start), minutes_of(end)
        if data.get("next_day") or ends == 0:  # "00:00" as an end is the midnight that ends the day
            ends += DAY
        if ends <= begins:
            self.add_error(
                "end",
                _("The end is before the start. Past midnight? Tick “It ends on the next day”."),
            )
        elif ends > begins + DAY:
            self.add_error("end", _("That is longer than a whole day."))
        data["window"] = (begins, ends)
        return data


class WeekdaysField(forms.TypedMultipleChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=Weekday.choices,
            coerce=int,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
            error_messages={"required": _("Please choose at least one day.")},
            **kwargs,
        )


class WeeklyHoursForm(WindowForm):
    weekdays = WeekdaysField(label=_("Days"))
    field_order = ["weekdays", "start", "end", "next_day"]


class ChildHoursForm(WindowForm):
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=ChildHours.Kind.choices,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )
    weekdays = WeekdaysField(label=_("Days"))
    field_order = ["kind", "weekdays", "start", "end", "next_day"]


class RestForm(forms.Form):
    rest_after_minutes = forms.IntegerField(
        label=_("Minutes"),
        help_text=_("We never book another thing into this time."),
        min_value=0,
        max_value=240,
    )


class OverrideForm(forms.Form):
    """One date with other hours; nothing filled in closes it."""

    day = date_field(_("Date"))
    start = clock_field(_("From"), required=False)
    end = clock_field(_("To"), required=False)
    second_start = clock_field(_("And from"), required=False)
    second_end = clock_field(_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        windows: list[tuple[int, int]] = []
        for start_name, end_name in (("start", "end"), ("second_start", "second_end")):
            start, end = data.get(start_name), data.get(end_name)
            if start is None and end is None:
                continue
            if start is None or end is None:
                self.add_error(end_name, _("Please fill in both times, or neither."))
                continue
            ends = minutes_of(end)
            # on a single date an end before the start can only mean the night that follows
            windows.append((minutes_of(start), ends if ends > minutes_of(start) else ends + DAY))
        data["windows"] = windows
        return data


class PeriodForm(forms.Form):
    starts_on = date_field(_("First day"))
    ends_on = date_field(_("Last day"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        starts_on, ends_on = data.get("starts_on"), data.get("ends_on")
        if isinstance(starts_on, date) and isinstance(ends_on, date) and ends_on < starts_on:
            self.add_error("ends_on", _("The last day is before the first."))
        return data


class TravelForm(PeriodForm):
    time_zone = TimeZoneField(label=_("Time zone there"))


class RulesForm(forms.Form):
    """The fields of BookingRules, in a therapist's words."""

    session_minutes = forms.TypedMultipleChoiceField(
        label=_("Session lengths"),
        choices=LENGTHS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        error_messages={"required": _("Please choose at least one length.")},
    )
    buffer_before = forms.IntegerField(label=_("Free before (minutes)"), min_value=0, max_value=120)
    buffer_after = forms.IntegerField(
        label=_("Free after (minutes)"),
        help_text=_("Between two sessions the larger of both counts, not their sum."),
        min_value=0,
        max_value=120,
    )
    notice_hours = forms.IntegerField(
        label=_("Shortest notice (hours)"), min_value=0, max_value=14 * 24
    )
    horizon_days = forms.IntegerField(label=_("Bookable ahead (days)"), min_value=1, max_value=180)
    daily_max = forms.IntegerField(label=_("Most sessions a day"), min_value=1, max_value=20)

    @classmethod
    def of(cls, rules: BookingRules) -> "RulesForm":
        """Unbound, showing what counts now."""
        return cls(
            initial={
                "session_minutes": rules.session_minutes,
                "buffer_before": rules.buffer_before,
                "buffer_after": rules.buffer_after,
                "notice_hours": rules.min_notice_minutes // 60,
                "horizon_days": rules.horizon_days,
                "daily_max": rules.daily_max,
            }
        )

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["min_notice_minutes"] = data.pop("notice_hours") * 60
        return data


OFFSETS = [
    (2 * 24 * 60, _("Two days before")),
    (24 * 60, _("A day before")),
    (2 * 60, _("Two hours before")),
    (60, _("An hour before")),
    (15, _("15 minutes before")),
]


class RemindersForm(forms.Form):
    offsets = forms.TypedMultipleChoiceField(
        label=_("Remind me"),
        help_text=_("Tick nothing and no reminder comes."),
        choices=OFFSETS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
