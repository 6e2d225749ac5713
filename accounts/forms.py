"""Shape and wording of what people type about themselves and their children."""

from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import AssentAnswer, ConsentDocument, Decision, Relation, Role, Theme, User
from accounts.places import PLACES
from accounts.words import suggested_passphrase, suggested_username
from core.forms import NameField, TimeZoneField

NAME_HELP = _("A first name or a name you like. No surname, please.")


class GuardianSignupForm(forms.Form):
    """What allauth's sign-up asks besides e-mail and passphrase (settings name this class)."""

    display_name = NameField(label=_("What shall we call you?"), max_length=40, help_text=NAME_HELP)
    time_zone = TimeZoneField(label=_("Your time zone"), initial="Europe/London", guess=True)
    field_order = ["display_name", "email", "password1", "time_zone"]

    def signup(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002
        user.display_name = self.cleaned_data["display_name"]
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["display_name", "time_zone"])


class AddChildForm(forms.Form):
    chosen_name = NameField(
        label=_("What does your child like to be called?"), max_length=40, help_text=NAME_HELP
    )
    birth_date = forms.DateField(
        label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"})
    )
    relation = forms.ChoiceField(label=_("You are the child’s"), choices=Relation)
    place = forms.ChoiceField(
        label=_("Where does your child live?"),
        choices=PLACES,
        help_text=_("Therapists are licensed for certain places."),
    )
    time_zone = TimeZoneField(label=_("Time zone there"))  # the guardian's own at first
    username = forms.RegexField(
        r"^[a-z0-9]{4,30}$",
        label=_("Your child’s sign-in name"),
        help_text=_("Small letters and numbers, no real surname. You can keep our suggestion."),
        error_messages={"invalid": _("Use 4 to 30 small letters and numbers.")},
    )
    passphrase = forms.CharField(
        label=_("Your child’s passphrase"),
        min_length=10,
        max_length=100,
        help_text=_("Easy to remember for your child, hard to guess for others. Write it down."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].initial = suggested_username
        self.fields["passphrase"].initial = suggested_passphrase


class PassphraseForm(forms.Form):
    passphrase = forms.CharField(
        label=_("New passphrase"),
        min_length=10,
        max_length=100,
        initial=suggested_passphrase,
        help_text=_("You can keep our suggestion. Your child is signed out everywhere."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ConsentForm(forms.Form):
    """The comprehension questions of one document, then a typed name."""

    typed_name = forms.CharField(
        label=_("Your full name"),
        max_length=120,
        help_text=_("Typing your name is your signature. Only your care team can open it."),
    )

    def __init__(self, document: ConsentDocument, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document = document
        questions: dict[str, forms.Field] = {
            f"question_{index}": forms.TypedChoiceField(
                label=question["question"],
                choices=list(enumerate(question["answers"])),
                coerce=int,
                widget=forms.RadioSelect,
            )
            for index, question in enumerate(document.comprehension)
        }
        self.fields = {**questions, **self.fields}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for index, question in enumerate(self.document.comprehension):
            answer = cleaned.get(f"question_{index}")
            if answer is not None and answer != question["right"]:
                self.add_error(
                    f"question_{index}",
                    _("Not quite. %(why)s Please choose again.") % {"why": question["why"]},
                )
        return cleaned

    @property
    def answers(self) -> list[int]:
        count = len(self.document.comprehension)
        return [self.cleaned_data[f"question_{index}"] for index in range(count)]


class AssentForm(forms.Form):
    answer = forms.ChoiceField(
        label=_("What do you say?"),
        choices=AssentAnswer,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
    )
    question = forms.CharField(
        label=_("Your question"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "aria-describedby": "who-reads-question"}),
        help_text=_("Only if you have one."),
    )

    def __init__(self, *args: Any, signs: bool = False, **kwargs: Any) -> None:
        """`signs`: whose yes is a signature of their own comes here only to ask something."""
        super().__init__(*args, **kwargs)
        if signs:
            del self.fields["answer"]
            self.fields["question"].required = True
            self.fields["question"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned.setdefault("answer", AssentAnswer.QUESTION if "answer" not in self.fields else None)
        if (
            cleaned.get("answer") == AssentAnswer.QUESTION
            and not cleaned.get("question", "").strip()
            and "question" not in self.errors
        ):
            self.add_error("question", _("Write your question here, then press the button."))
        return cleaned


class ReplyForm(forms.Form):
    reply = forms.CharField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The child reads it on their own page, with your name."),
    )


class DisputeForm(forms.Form):
    words = forms.CharField(
        label=_("What should we know?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "aria-describedby": "who-reads-words"}),
        help_text=_("Only if you like. You can also tell us when we call."),
    )


class ReviewForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("What do you decide?"),
        choices=Decision,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
    )
    reason = forms.CharField(
        label=_("Why?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What you looked at. The care team and the safeguarding lead can read it."),
    )

    def __init__(self, *args: Any, guardians_sign: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if guardians_sign:  # they do anyway: asking for it would only confuse
            decision = cast("forms.ChoiceField", self.fields["decision"])
            decision.choices = [
                (value, label)
                for value, label in Decision.choices
                if value != Decision.WITH_GUARDIAN
            ]


class SettleForm(forms.Form):
    reason = forms.CharField(
        label=_("How was it settled?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The care team and the safeguarding lead can read it; the family cannot."),
    )


class ProfileForm(forms.Form):
    display_name = NameField(label=_("Name others see"), max_length=40, help_text=NAME_HELP)
    time_zone = TimeZoneField(label=_("Time zone"))
    theme = forms.ChoiceField(
        label=_("Light or dark"), choices=Theme, widget=forms.RadioSelect(attrs={"class": "chips"})
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(
            attrs={"type": "time", "aria-describedby": "quiet-help"}, format="%H:%M"
        ),
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", _("Please give both times, or leave both empty."))
        return cleaned


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("Work e-mail address"))
    role = forms.ChoiceField(label=_("Works as"), choices=Role)


class FirstBeforeLast(forms.Form):
    """Has the fields `valid_from` and `valid_until`; the second may be empty."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day is before the first."))
        return cleaned


class LicenceForm(FirstBeforeLast):
    place = forms.ChoiceField(label=_("Country or state"), choices=PLACES)
    number = forms.CharField(label=_("Licence number"), max_length=40, required=False)
    valid_from = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    valid_until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty if it does not end."),
    )


class AcceptForm(forms.Form):
    display_name = NameField(label=_("Name families see"), max_length=40, help_text=NAME_HELP)
    title = forms.CharField(
        label=_("Your profession"),
        max_length=80,
        required=False,
        help_text=_("For example: clinical psychologist."),
    )
    time_zone = TimeZoneField(label=_("Your time zone"), guess=True)
    password = forms.CharField(
        label=_("Choose a password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Ten characters or more."),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password
