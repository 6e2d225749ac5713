"""Places a child may live in and a therapist may be licensed for (ISO 3166-1 and -2)."""

from django.utils.translation import gettext_lazy as _

US_STATES = (
    ("US-CA", "California"), ("US-CO", "Colorado"), ("US-FL", "Florida"), ("US-GA", "Georgia"),
    ("US-IL", "Illinois"), ("US-MA", "Massachusetts"), ("US-MD", "Maryland"),
    ("US-MI", "Michigan"), ("US-MN", "Minnesota"), ("US-NC", "North Carolina"),
    ("US-NJ", "New Jersey"), ("US-NY", "New York"), ("US-OH", "Ohio"), ("US-OR", "Oregon"),
    ("US-PA", "Pennsylvania"), ("US-TX", "Texas"), ("US-VA", "Virginia"), ("US-WA", "Washington"),
)  # fmt: skip

PLACES = (
    ("GB", _("United Kingdom")),
    ("IE", _("Ireland")),
    ("DE", _("Germany")),
    ("AT", _("Austria")),
    ("CH", _("Switzerland")),
    ("FR", _("France")),
    ("ES", _("Spain")),
    ("NL", _("Netherlands")),
    ("NO", _("Norway")),
    ("AU", _("Australia")),
    ("NZ", _("New Zealand")),
    ("CA", _("Canada")),
    (_("United States"), US_STATES),
)


def place_name(code: str) -> str:
    """The words people use: "Ireland", "New York, United States"; an unlisted code as it is."""
    for listed, name in PLACES:
        if isinstance(name, tuple):
            if region := dict(name).get(code):
                return f"{region}, {listed}"
        elif listed == code:
            return str(name)
    return code
