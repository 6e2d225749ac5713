"""The one socket of the program."""

from django.urls import path

from sessions_app.consumers import session_socket

# An ASGI application where Django's stubs know views only.
websocket_urlpatterns = [path("ws/sessions/<uuid:appointment_id>/", session_socket)]  # type: ignore[arg-type]
