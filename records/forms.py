"""Shape of what the clinic types before something is erased or kept."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ConfirmErasureForm(forms.Form):
    sign_in_name = forms.CharField(
        label=_("The child’s sign-in name"),
        help_text=_("Type it from the child’s papers, to be sure it is the right child."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


class HoldForm(forms.Form):
    sign_in_name = forms.CharField(
        label=_("The child’s sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    reason = forms.CharField(
        label=_("Why the record must stay"),
        help_text=_("Who asked for it, and until when it is likely to be needed."),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
