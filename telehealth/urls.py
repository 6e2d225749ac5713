"""Every door of the program. Apps bring their own; pages that mix apps live here."""

from django.urls import include, path

from core import health
from telehealth import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/<str:role>/", views.home_as, name="home_as"),
    path("caseload/", views.caseload, name="caseload"),
    path("help/now/", views.emergency_help, name="emergency_help"),
    path("demo/codes/", views.demo_codes, name="demo_codes"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    # Before allauth: some of its doors are not for everybody.
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("core.notifications.urls")),
    path("", include("records.urls")),
    path("", include("scheduling.urls")),
    path("sessions/", include("sessions_app.urls")),
]

handler400 = "core.pages.bad_request"
handler403 = "core.pages.forbidden"
handler404 = "core.pages.not_found"
handler500 = "core.pages.server_error"
