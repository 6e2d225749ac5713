"""People and how they are related. Power comes from a relation, never from a role's name."""

from accounts.models.consent import (
    Assent,
    AssentAnswer,
    ConsentDocument,
    ConsentKind,
    ConsentSignature,
)
from accounts.models.dated import DatedQuerySet, DatedRelation
from accounts.models.family import (
    ADULT,
    CareTeamMembership,
    Child,
    Custody,
    GuardianLink,
    Relation,
    Scope,
    every_scope,
)
from accounts.models.people import PERSON, Theme, User, UserManager
from accounts.models.staff import Invitation, Licence, Role, StaffMembership, Therapist

__all__ = [
    "ADULT",
    "PERSON",
    "Assent",
    "AssentAnswer",
    "CareTeamMembership",
    "Child",
    "ConsentDocument",
    "ConsentKind",
    "ConsentSignature",
    "Custody",
    "DatedQuerySet",
    "DatedRelation",
    "GuardianLink",
    "Invitation",
    "Licence",
    "Relation",
    "Role",
    "Scope",
    "StaffMembership",
    "Theme",
    "Therapist",
    "User",
    "UserManager",
    "every_scope",
]
