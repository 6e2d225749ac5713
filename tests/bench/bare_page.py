"""The ceiling of the pages bench: an ordinary list page of a given size, with three queries.

The session, the person, and the rows that are listed; each row of about 200 bytes shows four
values. Served by the same gunicorn, from the same database, to the same sign-in.
"""

from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402

from accounts.models import User  # noqa: E402

# After the set-up, in which the product's apps look for what they need.
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
settings.TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent],
    },
]

ROW, HEAD = 214, 240  # bytes of one row, and of the rest


def page(request: HttpRequest, size: int) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponseForbidden()
    wanted = max(1, (size - HEAD) // ROW)
    found = list(User.objects.only("username", "time_zone")[:wanted])
    rows = (found * (wanted // len(found) + 1))[:wanted]
    return render(request, "bare_page.html", {"rows": rows, "user": request.user})


urlpatterns = [path("<int:size>/", page)]
application = WSGIHandler()
