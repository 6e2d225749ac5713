"""Ground under every app: it imports none of them."""

from django import forms
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import checks  # noqa: F401 (checks register themselves)

        # "This field is required" is a machine's sentence, and it names no thing to do.
        forms.Field.default_error_messages["required"] = _("Please fill this in.")
        choice = forms.ChoiceField.default_error_messages
        choice["required"] = _("Please choose one.")
