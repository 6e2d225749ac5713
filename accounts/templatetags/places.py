"""`{% load places %}`: a place in words."""

from django import template

from accounts import places

register = template.Library()


@register.filter
def place_name(code: str) -> str:
    """`{{ licence.place|place_name }}`: "Ireland", never "IE"."""
    return places.place_name(code)
