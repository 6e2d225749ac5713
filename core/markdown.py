"""Markdown to safe HTML: no raw HTML in, and an allow-list out (both, on purpose)."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_parser = MarkdownIt("commonmark", {"html": False})
_tags = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "blockquote", "hr", "br"}


def render(text: str) -> SafeString:
    return mark_safe(nh3.clean(_parser.render(text), tags=_tags, attributes={}))  # noqa: S308
