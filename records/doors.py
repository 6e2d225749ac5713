"""Who may come in where: the log, copies, erasure and holds."""

from enum import StrEnum

from accounts.doors import Hat
from core.doors import BOTH, GET, POST, Anyone, Rule, page, task
from records import access
from records.access import DECIDERS, Verb

MEANS: dict[Rule, set[StrEnum]] = {
    Verb.LOOK: {Hat.OLDER_CHILD, Hat.GUARDIAN},
    Verb.COPY: {Hat.OLDER_CHILD, Hat.CONSENTS, Hat.CARE_TEAM},
    Verb.ASK_ERASURE: {Hat.OLDER_CHILD, Hat.CONSENTS},
    access.get_copy_for: {Anyone.OWNER},
    access.check_decides: {Hat(role.value) for role in DECIDERS},
    access.get_erasure_for: {Hat(role.value) for role in DECIDERS},
}

DOORS = (
    page("who_looked", GET, Verb.LOOK, what="Who looked at the child's record."),
    page("record_copy", BOTH, Verb.COPY, what="Ask for a copy of the whole record."),
    page("copy_take", BOTH, access.get_copy_for, what="Take the copy one asked for, once."),
    page("erasure_ask", BOTH, Verb.ASK_ERASURE, what="Ask that the record is erased."),
    page("erasures", GET, access.check_decides, what="Requests for erasure, and legal holds."),
    page("erasure", GET, access.get_erasure_for, what="One request, and what must be kept."),
    page("erasure_approve", POST, access.get_erasure_for, what="Agree to an erasure."),
    page("erasure_confirm", BOTH, access.get_erasure_for, what="Start it, after proving oneself."),
    page("erasure_decline", POST, access.get_erasure_for, what="Decline an erasure."),
    page("hold_place", POST, access.check_decides, what="Keep a record for the law."),
    page("hold_end", POST, access.check_decides, what="End a legal hold."),
    task("records.tasks.build_copies", what="Build the copies that were asked for."),
    task("records.tasks.carry_out_erasures", what="Carry out what was agreed and confirmed."),
    task("records.tasks.anchor_audit", what="Tell the audit trail's head outside the database."),
    task("records.tasks.purge_night", what="Erase what need not be kept any longer; a report."),
)
