"""People and how they are related. Power comes from a relation, never from a role's name."""

from accounts.models.belonging import CourtOrder, CustodyDecision, FamilyInvitation, FileKind
from accounts.models.cards import SignInCard
from accounts.models.consent import (
    Assent,
    AssentAnswer,
    ComingOfAge,
    ConsentDocument,
    ConsentKind,
    ConsentMatter,
    ConsentRule,
    ConsentSignature,
    Decision,
    MatterKind,
    Passage,
    ReadingLevel,
    SignedAs,
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
from accounts.models.safety import BreakGlass, RiskFlag, Topic
from accounts.models.staff import Invitation, Licence, Role, StaffMembership, Therapist

__all__ = [
    "ADULT",
    "PERSON",
    "Assent",
    "AssentAnswer",
    "BreakGlass",
    "CareTeamMembership",
    "Child",
    "ComingOfAge",
    "ConsentDocument",
    "ConsentKind",
    "ConsentMatter",
    "ConsentRule",
    "ConsentSignature",
    "CourtOrder",
    "Custody",
    "CustodyDecision",
    "DatedQuerySet",
    "DatedRelation",
    "Decision",
    "FamilyInvitation",
    "FileKind",
    "GuardianLink",
    "Invitation",
    "Licence",
    "MatterKind",
    "Passage",
    "ReadingLevel",
    "Relation",
    "RiskFlag",
    "Role",
    "Scope",
    "SignInCard",
    "SignedAs",
    "StaffMembership",
    "Theme",
    "Therapist",
    "Topic",
    "User",
    "UserManager",
    "every_scope",
]
