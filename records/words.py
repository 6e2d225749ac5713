"""Plain words for what the trail and the nights hold as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from core.registry import Part

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Look:
    """One kind of looking, in words; `topic` may be kept from a person, `tells` says for whom."""

    words: "_StrPromise"
    topic: str = ""
    tells: tuple[Part, ...] = tuple(Part)


# A read without words here is a programming error: tests/records/test_reads.py finds it.
LOOKS: dict[str, Look] = {
    "child.view": Look(_("Opened the page with name, people and agreement")),
    "list.view": Look(_("Saw the name in a list")),
    "people.view": Look(_("Opened the page about who belongs here")),
    "order.view": Look(_("Opened a court’s paper"), tells=(Part.CARE_TEAM,)),
    "break_glass.open": Look(
        _("Opened the record in an emergency, without being on the care team"), topic="case"
    ),
    "sign_in.view": Look(_("Opened the page about signing in")),
    "consent.view": Look(_("Opened the agreement")),
    "assent.view": Look(
        _("Read the question to the care team"), tells=(Part.CHILD, Part.CARE_TEAM)
    ),
    "appointment.view": Look(_("Looked at an appointment")),
    "booking.view": Look(_("Looked for times to meet")),
    "rhythm.view": Look(_("Looked at school and rest times")),
    "calendar.view": Look(_("A calendar fetched the appointments")),
    "room.view": Look(_("Came to a session’s waiting room or room")),
    "checklist.view": Look(_("Opened the list for the start of a session"), topic="address"),
    "note.view": Look(_("Opened the notes of a session"), topic="notes"),
    "log.view": Look(_("Looked at this list")),
    "copy.view": Look(_("Opened the page about copies and erasure")),
    "copy.take": Look(_("Took a copy of the record")),
    "erasure.view": Look(_("Looked at a request for erasure")),
}

# The hat that says most about why somebody looked comes first.
ROLES: tuple[tuple[str, "_StrPromise"], ...] = (
    ("therapist", _("therapist")),
    ("lead", _("safeguarding lead")),
    ("manager", _("practice manager")),
    ("moderator", _("moderator")),
    ("guardian", _("parent or carer")),
    ("child", _("child")),
)


def role_words(roles: Sequence[str]) -> str:
    return next((str(words) for role, words in ROLES if role in roles), str(_("no role any more")))


# The steps of a night (records.actions.purging), as the manager reads them.
COUNTED: Mapping[str, "_StrPromise"] = {
    "copies_not_fetched": _("Copies nobody fetched"),
    "sign_ins": _("Sign-ins that were over"),
    "core.notifications": _("Old messages"),
    "accounts.ways_in": _("Used and expired invitations"),
    "records.copies": _("Old lines about copies"),
    "records_gone_on_with": _("Erasures gone on with"),
    "records_at_their_end": _("Records whose time to be kept was over"),
    "failed": _("Steps that did not work and are tried again tomorrow"),
}

# What a copy does not hold, said to everybody of a kind alike: it must not tell what there is.
LEFT_OUT: dict[Part, "_StrPromise"] = {
    Part.CHILD: _(
        "The notes your therapists write are not in this copy. Ask them: they go through the notes"
        " with you."
    ),
    Part.GUARDIAN: _(
        "This copy holds what you may see. Where the child is, what a child writes or asks for"
        " itself, what was said in a session while you were not in it, what another adult wrote,"
        " and the therapists’ notes are not in it. Ask the clinic for notes: a therapist goes"
        " through them with you."
    ),
    Part.CARE_TEAM: _("Drafts of other people are not in this copy."),
}
