"""Who looked at a child's record, for the child from 12 and for its guardians."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.actions.reads import saw
from accounts.models import User
from records import looked
from records.access import Verb, get_child_for

PAGE_SIZE = 30


@login_required
@require_GET
def who_looked(request: HttpRequest, child_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    child, reader = get_child_for(user, child_id, Verb.LOOK)
    page = Paginator(looked.events(child, reader), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = looked.in_words(list(page.object_list), reader)
    saw(user, "log.view", child)
    context = {"child": child, "rows": rows, "page": page, "own": child.user_id == user.pk}
    return render(request, "records/who_looked.html", context)
