"""Form fields more than one app asks for."""

from typing import Any

from django import forms

from core.timezones import zone_aliases, zones_by_region


class TimeZoneField(forms.ChoiceField):
    """Grouped by region. A browser's own zone is chosen at first (js/time_zone.js), by an old name
    too; the value is always today's name."""

    def __init__(self, *, guess: bool = False, **kwargs: Any) -> None:
        widget = forms.Select(attrs={"data-guess-time-zone": ""} if guess else {})
        super().__init__(choices=zones_by_region, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return _todays_name(super().to_python(value))

    def prepare_value(self, value: Any) -> Any:
        return _todays_name(value) if isinstance(value, str) else value


def _todays_name(zone: str) -> str:
    listed = {name for _region, zones in zones_by_region() for name, _label in zones}
    return zone if zone in listed else zone_aliases().get(zone, zone)
