"""The start checklist and the notes as forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.places import PLACES
from scheduling.models import Outcome
from sessions_app.models import NoteFormat
from sessions_app.protocol import MAX_CHAT


class ChecklistForm(forms.Form):
    """Asked every session (SAFETY.md, Sessions). Nothing is filled in from an earlier one."""

    identity_confirmed = forms.BooleanField(label=_("I know the child and everybody in the room"))
    location = forms.CharField(
        label=_("Where is the child right now? The address for help"), max_length=300
    )
    place = forms.ChoiceField(label=_("Which country or state is that?"), choices=PLACES)
    callback_number = forms.CharField(
        label=_("Number to call if we lose each other"), max_length=40
    )
    adult_location = forms.CharField(
        label=_("Where is the adult?"), max_length=200, help_text=_("In the house, at work, …")
    )
    who_can_hear = forms.CharField(
        label=_("Who can hear us?"), max_length=200, help_text=_("Nobody, a sister next door, …")
    )
    signals_agreed = forms.BooleanField(
        label=_("We agreed a silent sign for “stop” and “someone can hear me”")
    )
    backup_plan = forms.BooleanField(label=_("We agreed what happens if the connection breaks"))
    override_reason = forms.CharField(
        label=_("Only if your licence is missing and it must go on: why?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The safeguarding lead sees it."),
    )


class ChatForm(forms.Form):
    nonce = forms.UUIDField()
    text = forms.CharField(max_length=MAX_CHAT, strip=True)


class SinceForm(forms.Form):
    since = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


SECTIONS: dict[str, tuple[tuple[str, Any], ...]] = {
    NoteFormat.SOAP: (
        ("subjective", _("Subjective: what the child said")),
        ("objective", _("Objective: what you saw")),
        ("assessment", _("Assessment")),
        ("plan", _("Plan")),
    ),
    NoteFormat.DAP: (
        ("data", _("Data")),
        ("assessment", _("Assessment")),
        ("plan", _("Plan")),
    ),
    NoteFormat.BIRP: (
        ("behaviour", _("Behaviour")),
        ("intervention", _("Intervention")),
        ("response", _("Response")),
        ("plan", _("Plan")),
    ),
}


class NoteForm(forms.Form):
    """The sections of one format. `version` is the revision the page started from."""

    all_optional = True
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, note_format: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.note_format = note_format
        for name, label in SECTIONS[note_format]:
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                max_length=20_000,
                widget=forms.Textarea(attrs={"rows": 4}),
            )

    @property
    def sections(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name, _label in SECTIONS[self.note_format]}


class FormatForm(forms.Form):
    format = forms.ChoiceField(
        label=_("Form of the note"),
        choices=NoteFormat,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome)


class AddendumForm(forms.Form):
    reason = forms.CharField(label=_("Why do you add this?"), max_length=300)
    body = forms.CharField(
        label=_("Addition"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 5})
    )
