"""The next step of a family while somebody's yes is missing: whose turn it is, and what to do."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import Verb
from accounts.models import AssentAnswer, Child
from accounts.selectors import ConsentStatus
from scheduling.models import Appointment


@dataclass(frozen=True)
class NextStep:
    title: str
    text: str = ""
    url: str = ""
    action: str = ""
    icon: str = "arrow-right-circle"


@dataclass
class FamilyMember:
    """One child as the guardian's home shows it."""

    child: Child
    consent: ConsentStatus
    may: set[Verb]
    signed: bool = False  # this reader has
    appointments: list[Appointment] = field(default_factory=list)

    @property
    def may_book(self) -> bool:
        return Verb.BOOK in self.may


def yes_first(child: Child, consent: ConsentStatus) -> NextStep:
    """Whose yes is missing, the child's own last of all: nothing is asked before the guardian's."""
    if not consent.guardian_signed:
        return NextStep(
            _("Nearly there"),
            _("First a grown-up at home says yes. Then it is your turn."),
            icon="hourglass-split",
        )
    if consent.child_signs and not consent.child_signed:
        return NextStep(
            _("You decide this yourself"),
            _("You are old enough to sign. Read what it is like, then you choose."),
            reverse("consent_sign", args=[child.pk]),
            _("Read and choose"),
            "pen",
        )
    if consent.assent_needed and consent.assent is None:
        return NextStep(
            _("Would you like to meet online?"),
            _("Read what it is like. Then you choose."),
            reverse("assent"),
            _("Read and choose"),
            "chat-heart",
        )
    if not consent.child_agreed:
        return _assent_step(consent)
    return NextStep(
        _("Nearly there"),
        _("Someone from the clinic has a look first. You need not do anything."),
        icon="hourglass-split",
    )


def _assent_step(consent: ConsentStatus) -> NextStep:
    if consent.assent and consent.assent.answer == AssentAnswer.QUESTION:
        if consent.assent.reply:
            return NextStep(
                _("Your question has an answer"), "", reverse("assent"), _("Read it"), "chat-heart"
            )
        return NextStep(
            _("We got your question"),
            _("Someone from your team will answer here. Nothing happens until you say yes."),
            reverse("assent"),
            _("See my question"),
            "hourglass-split",
        )
    return NextStep(
        _("You said: not now"),
        _("That is okay. You can change your answer any time."),
        reverse("assent"),
        _("Look again"),
        "chat-heart",
    )


def consent_step(member: FamilyMember) -> NextStep | None:
    """What the guardian who decides has to do; another one is not sent to pages closed to them."""
    if Verb.CONSENT not in member.may:
        return None
    name = {"name": member.child.user.display_name}
    consent = member.consent
    if consent.disputed:
        return _waiting_step(
            member, _("The clinic is speaking with everybody who decides for %(name)s") % name
        )
    if not consent.guardian_signed:
        return _signing_step(member)
    if not consent.child_agreed:
        return _childs_turn(member)
    if not consent.reviewed:
        return _waiting_step(member, _("A clinician looks at the agreement for %(name)s") % name)
    return None


def _childs_turn(member: FamilyMember) -> NextStep:
    name = {"name": member.child.user.display_name}
    if member.consent.child_signs:
        return _waiting_step(member, _("Now %(name)s signs for themselves") % name)
    return NextStep(
        _("Now it is %(name)s’s turn") % name,
        _("%(name)s signs in with their own name and says yes, not now, or asks a question.")
        % name,
        reverse("child_detail", args=[member.child.pk]),
        _("How %(name)s signs in") % name,
        "person-heart",
    )


def _signing_step(member: FamilyMember) -> NextStep:
    name = {"name": member.child.user.display_name}
    if member.signed:
        return _waiting_step(member, _("Another signature for %(name)s is needed") % name)
    return NextStep(
        _("Read and sign for %(name)s") % name,
        _("Sessions can start once you agree. You can take your agreement back at any time."),
        reverse("consent_sign", args=[member.child.pk]),
        _("Read and sign"),
        "pen",
    )


def _waiting_step(member: FamilyMember, title: str) -> NextStep:
    """Somebody else's turn: said plainly, with nobody's name or words."""
    return NextStep(
        title,
        _("You need not do anything now. We tell you when there is news."),
        reverse("child_detail", args=[member.child.pk]),
        _("See how it stands"),
        "hourglass-split",
    )
