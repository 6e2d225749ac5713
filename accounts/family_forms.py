"""Shape and wording of who belongs to a child, who may decide, and what safety asks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import FirstBeforeLast
from accounts.models import Custody, GuardianLink, Relation, Scope, Therapist, Topic

REASON_HELP = _("The care team and the safeguarding lead can read it; the family cannot.")


WHY = _("Why?")
CHOOSE = _("Please choose")


def reason_field(label: Any = WHY, help_text: Any = REASON_HELP) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text,
    )


def date_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class InviteGuardianForm(forms.Form):
    email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("They sign in with this address. The link works for nobody else."),
    )
    relation = forms.ChoiceField(label=_("They are the child’s"), choices=Relation)
    scopes = forms.MultipleChoiceField(
        label=_("What may they do?"),
        choices=Scope,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("With nothing chosen they see appointments and who belongs to the child."),
    )


class EndLinkForm(forms.Form):
    reason = reason_field()


class ColleagueForm(forms.Form):
    therapist = forms.ModelChoiceField(
        label=_("Colleague"), queryset=Therapist.objects.none(), empty_label=CHOOSE
    )

    def __init__(self, choices: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["therapist"]
        field.queryset = choices


class CustodyForm(forms.Form):
    custody = forms.ChoiceField(
        label=_("Who may decide?"),
        choices=Custody,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
    )
    reason = reason_field(_("How do you know?"))


class OrderForm(FirstBeforeLast):
    """The file comes last: what is typed is there when a file is refused before its end."""

    valid_from = date_field(_("Counts from"))
    valid_until = date_field(
        _("Counts until"), required=False, help_text=_("Leave it empty if it does not end.")
    )


class FlagForm(forms.Form):
    guardian = forms.ModelChoiceField(
        label=_("From whom?"), queryset=GuardianLink.objects.none(), empty_label=CHOOSE
    )
    hides = forms.MultipleChoiceField(
        label=_("What is kept from them?"), choices=Topic, widget=forms.CheckboxSelectMultiple
    )
    reason = reason_field()

    def __init__(self, choices: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["guardian"]
        field.queryset = choices
        field.label_from_instance = lambda link: link.guardian.display_name


class ReviewFlagForm(forms.Form):
    keep = forms.TypedChoiceField(
        label=_("What do you decide?"),
        choices=[("yes", _("Keep it from them")), ("no", _("End it: they may see it again"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
    )


class BreakGlassForm(forms.Form):
    sign_in_name = forms.CharField(
        label=_("The child’s sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    reason = reason_field(
        _("Why do you need it now?"), _("The safeguarding lead reads it. The family does not.")
    )


class SeenForm(forms.Form):
    withhold = forms.BooleanField(
        label=_("Keep it out of what the family reads, for safety"), required=False
    )
