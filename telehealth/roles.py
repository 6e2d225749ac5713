"""Which hats a person wears, and what each finds in the navigation."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.sign_in import roles_now

# The home that opens first when somebody wears several hats.
ORDER = ("child", "therapist", "lead", "moderator", "manager", "guardian")

TITLES = {
    "child": _("My page"),
    "guardian": _("Family"),
    "therapist": _("Therapist"),
    "moderator": _("Moderator"),
    "manager": _("Practice manager"),
    "lead": _("Safeguarding lead"),
}


@dataclass(frozen=True)
class NavItem:
    label: str | Promise
    url_name: str
    icon: str

    @property
    def url(self) -> str:
        return reverse(self.url_name)


HOME = NavItem(_("Home"), "home", "house")
INBOX = NavItem(_("Inbox"), "inbox", "inbox")
PROFILE = NavItem(_("Me"), "profile", "person")
ERASURES = NavItem(_("Erasure"), "erasures", "trash")
APPOINTMENTS = NavItem(_("Appointments"), "appointments", "calendar-event")

NAVIGATION: dict[str, tuple[NavItem, ...]] = {
    "child": (HOME, NavItem(_("Meetings"), "appointments", "calendar-event"), INBOX, PROFILE),
    "guardian": (HOME, APPOINTMENTS, INBOX, PROFILE),
    "therapist": (
        HOME,
        NavItem(_("Caseload"), "caseload", "people"),
        APPOINTMENTS,
        NavItem(_("Hours"), "hours", "clock"),
        NavItem(_("Notes"), "notes", "journal-text"),
        INBOX,
    ),
    "moderator": (HOME, INBOX, PROFILE),
    "manager": (HOME, NavItem(_("Staff"), "staff", "people"), ERASURES, INBOX, PROFILE),
    "lead": (
        HOME,
        NavItem(_("Consent"), "consent_matters", "clipboard-check"),
        NavItem(_("Safety"), "safety", "shield-check"),
        ERASURES,
        INBOX,
        PROFILE,
    ),
}


def hats(user: User) -> list[str]:
    """The person's roles, the leading one first."""
    return sorted(roles_now(user), key=ORDER.index)
