"""What base.html needs on every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.sign_in import session_of
from core.notifications.selectors import unread_count
from telehealth.roles import NAVIGATION, TITLES, hats


def shell(request: HttpRequest) -> dict[str, Any]:
    context: dict[str, Any] = {
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
        "quick_exit_url": settings.QUICK_EXIT_URL,
        "demo": settings.DEMO,
        "emergency_help_url": reverse("emergency_help"),
        "voice": "adult",
        "role": "",
        "nav": [],
        "theme": "auto",
    }
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return context
    roles = hats(user)
    role = getattr(request, "role", None) or (roles[0] if roles else "guardian")
    nav = [
        {
            "label": item.label,
            "url": item.url,
            "icon": item.icon,
            "active": item.url == request.path,
        }
        for item in NAVIGATION[role]
    ]
    if getattr(request, "lacks_second_factor", False):
        nav = []  # every page of it would lead back here
    return context | {
        "role": role,
        "voice": "child" if role == "child" else "adult",
        "nav": nav,
        "idle_seconds": session_of(request).seconds_left,
        "other_roles": [(name, TITLES[name]) for name in roles if name != role],
        "unread": unread_count(user),
        "theme": user.theme,
    }
