"""The ceilings of the pages bench, each of a given size and with three queries: the session, the
person, and the rows that are listed. From the same database, to the same sign-in, by a gunicorn.

`/<size>/`: an ordinary list page, a plain template whose rows of about 200 bytes show four values.
It has the middleware of every page of the product, because no page of such a site goes without
(CSRF, CSP, HSTS, language, messages ...), and nothing else of it: no access rule, no component, no
translation, no navigation, no context processor, no address looked up.

`/text/<size>/`: the least there can be: a text made once. With BARE_MIDDLEWARE=least in the
environment only session and sign-in stand before it. No page that shows anybody anything does so
little; it is there for the reader to judge the other one by.
"""

import os
from functools import lru_cache
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
if os.environ.get("BARE_MIDDLEWARE") == "least":
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


def _found(wanted: int) -> list[User]:
    return list(User.objects.only("username", "time_zone")[:wanted])


def page(request: HttpRequest, size: int) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponseForbidden()
    wanted = max(1, (size - HEAD) // ROW)
    found = _found(wanted)
    rows = (found * (wanted // len(found) + 1))[:wanted]
    return render(request, "bare_page.html", {"rows": rows, "user": request.user})


@lru_cache
def _text(size: int) -> bytes:
    return b"x" * size


def text(request: HttpRequest, size: int) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponseForbidden()
    _found(1)
    return HttpResponse(_text(size))


urlpatterns = [path("<int:size>/", page), path("text/<int:size>/", text)]
application = WSGIHandler()
