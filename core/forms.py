"""Form fields more than one app asks for."""

import unicodedata
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from core.timezones import zone_aliases, zones_by_region

# Within a name these join letters (Persian) or the parts of an emoji; all other signs of their kind
# hide, or turn what follows around.
JOINERS = "\u200c\u200d"


class NameField(forms.CharField):
    """A name others read: one line, nothing invisible, nothing that changes the text around it."""

    default_error_messages = {
        "invisible": _("Please use letters that others can see."),
        "address": _("Please write a name, not an e-mail address: others read it."),
    }

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        seen = "".join(char for char in text if char in JOINERS or not _hides(char))
        text = " ".join(seen.split()).strip(JOINERS)
        if value and not any(unicodedata.category(char)[0] in "LNS" for char in text):
            raise ValidationError(self.error_messages["invisible"], code="invisible")
        if "@" in text:
            raise ValidationError(self.error_messages["address"], code="address")
        return text


def _hides(char: str) -> bool:
    """Control, format, private and unassigned signs; line ends stay, they become spaces."""
    return unicodedata.category(char)[0] == "C" and not char.isspace()


@lru_cache(maxsize=1)
def _zone_options() -> str:
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (region, format_html_join("", '<option value="{}">{}</option>', zones))
            for region, zones in zones_by_region()
        ),
    )


class ZoneSelect(forms.Select):
    """Hundreds of options, always the same: a template for each was half of its page's work."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: Any = None,
        renderer: Any = None,  # noqa: ARG002
    ) -> SafeString:
        attrs = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        chosen = format_html('value="{}"', value or "")
        options = _zone_options().replace(f"{chosen}>", f"{chosen} selected>")
        return format_html("<select{}>{}</select>", flatatt(attrs), mark_safe(options))  # noqa: S308


class TimeZoneField(forms.ChoiceField):
    """Grouped by region. A browser's own zone is chosen at first (js/time_zone.js), by an old name
    too; the value is always today's name."""

    def __init__(self, *, guess: bool = False, **kwargs: Any) -> None:
        widget = ZoneSelect(attrs={"data-guess-time-zone": ""} if guess else {})
        super().__init__(choices=zones_by_region, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return _todays_name(super().to_python(value))

    def prepare_value(self, value: Any) -> Any:
        return _todays_name(value) if isinstance(value, str) else value


def _todays_name(zone: str) -> str:
    listed = {name for _region, zones in zones_by_region() for name, _label in zones}
    return zone if zone in listed else zone_aliases().get(zone, zone)
