"""allauth's forms in our words (`ACCOUNT_FORMS`). Apart from forms.py, which allauth imports."""

from typing import Any, ClassVar

from allauth.account import forms as theirs
from django import forms
from django.utils.translation import gettext_lazy as _

EMAIL = _("E-mail address")


class OurWords:
    """Labels from `words`; no placeholder that only repeats the label and then disappears."""

    fields: dict[str, forms.Field]
    words: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.words.get(name, field.label)


class LoginForm(OurWords, theirs.LoginForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {"login": EMAIL, "password": _("Password")}


class ChildLoginForm(OurWords, theirs.LoginForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {
        "login": _("Your sign-in name"),
        "password": _("Your secret words"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A child has no e-mail for a new password; the page says who can help instead.
        self.fields["password"].help_text = ""
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}


class SignupForm(OurWords, theirs.SignupForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {"email": EMAIL, "password1": _("Choose a password")}


class AddEmailForm(OurWords, theirs.AddEmailForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {"email": EMAIL}


class ResetPasswordForm(OurWords, theirs.ResetPasswordForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {"email": EMAIL}


class ResetPasswordKeyForm(OurWords, theirs.ResetPasswordKeyForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {
        "password1": _("New password"),
        "password2": _("The same once more"),
    }


class ChangePasswordForm(OurWords, theirs.ChangePasswordForm):  # type: ignore[misc]
    words: ClassVar[dict[str, Any]] = {
        "oldpassword": _("Your password now"),
        "password1": _("New password"),
        "password2": _("The same once more"),
    }
