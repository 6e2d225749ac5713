"""Tags every template may use without loading them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django import template
from django.contrib.staticfiles import finders
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core import timezones

register = template.Library()


def _zone(zone: object) -> ZoneInfo:
    """A ZoneInfo, a zone's name, a person with `time_zone`, or nothing: the reader's own."""
    if isinstance(zone, ZoneInfo):
        return zone
    name = getattr(zone, "time_zone", zone) or str(timezone.get_current_timezone())
    return ZoneInfo(str(name))


@register.filter
def as_json(value: object) -> str:
    """For a data- attribute that a script reads; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def local_time(dt: datetime | None, zone: object = None) -> str:
    """`{{ starts_at|local_time }}` on the reader's clock, or `|local_time:child` on another's."""
    return "" if dt is None else timezones.label(dt, _zone(zone))


@register.filter
def spoken_time(dt: datetime | None, zone: object = None) -> str:
    """For children, on their own clock: "Today, 16:00"."""
    return "" if dt is None else timezones.spoken(dt, _zone(zone), now=timezone.now())


@register.filter
def zone_place(name: str) -> str:
    """`{{ user.time_zone|zone_place }}`: "London", never "Europe/London"."""
    return timezones.zone_place(name)


@register.filter
def is_past(dt: datetime) -> bool:
    return dt <= timezone.now()


@register.filter
def local_clock(dt: datetime | None, zone: object = None) -> str:
    """Only the time of day, "16:00": for lists under a heading that names the day and zone."""
    return "" if dt is None else f"{timezones.local(dt, _zone(zone)):%H:%M}"


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    found = finders.find(f"icons/{name}.svg") if name.replace("-", "").isalnum() else None
    if not isinstance(found, str):
        raise template.TemplateSyntaxError(f"There is no static/icons/{name}.svg.")
    return Path(found).read_text(encoding="utf-8")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Inline `static/icons/<name>.svg`; hidden from screen readers unless it has a `label`."""
    svg = mark_safe(_svg(name))  # noqa: S308 (our own file, by a checked name)
    if label:
        return format_html('<span class="icon" role="img" aria-label="{}">{}</span>', label, svg)
    return format_html('<span class="icon" aria-hidden="true">{}</span>', svg)
