"""Shape of what a browser sends."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.notifications.channels.webpush import is_push_endpoint


class PushForm(forms.Form):
    """A PushSubscription as the browser's own `toJSON()` names its parts."""

    endpoint = forms.URLField(max_length=600, assume_scheme="https")
    p256dh = forms.RegexField(r"^[A-Za-z0-9_-]{80,100}$")
    auth = forms.RegexField(r"^[A-Za-z0-9_-]{20,30}$")

    def clean_endpoint(self) -> Any:
        endpoint = self.cleaned_data["endpoint"]
        if not is_push_endpoint(endpoint):
            raise ValidationError(_("This browser's push service is not one we know."))
        return endpoint
