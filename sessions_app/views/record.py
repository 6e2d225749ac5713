"""A child's signed notes, to read: for the care team, and in an emergency (break-glass)."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import Verb, get_child_for
from accounts.actions.reads import saw
from accounts.models import User
from sessions_app.forms import SECTIONS
from sessions_app.models import SessionNote
from sessions_app.selectors import signed_notes

PAGE_SIZE = 10


def _sections(note: SessionNote) -> list[tuple[object, str]]:
    return [(label, note.sections.get(name, "")) for name, label in SECTIONS[note.format]]


@login_required
@require_GET
def child_notes(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child = get_child_for(user, child_id, Verb.READ)
    saw(user, "note.view", child)
    page = Paginator(signed_notes(child), PAGE_SIZE).get_page(request.GET.get("page"))
    notes = [(note, _sections(note)) for note in page.object_list]
    context = {"child": child, "page": page, "notes": notes}
    return render(request, "sessions_app/child_notes.html", context)
