"""Who may come in where: people, family, consent, staff and signing in.

`Hat` is as whom somebody stands before a door. A verb's hats are those of the relations that
accounts.access.ALLOWED gives it, so a relation added there is in every table at once.
"""

from enum import StrEnum

from accounts import access
from accounts import access_family as family
from accounts.access import ALLOWED, Verb
from accounts.models import Role
from core.doors import BOTH, GET, POST, Anyone, Door, Refusal, Rule, page, task


class Hat(StrEnum):
    """The values are the names of accounts.access's relations, and of roles."""

    CHILD = "child"
    OLDER_CHILD = "older_child"
    YOUNG_ADULT = "young_adult"
    SIGNING_CHILD = "signing_child"
    GUARDIAN = "guardian"
    BOOKS = "guardian_book"
    CONSENTS = "guardian_consent"
    JOINS = "guardian_join"
    CARE_TEAM = "care_team"
    BREAK_GLASS = "break_glass"
    SESSION_THERAPIST = "session_therapist"
    LEAD_WAITING = "lead_waiting"
    ANY_CHILD = "any_child"
    ADULT = "adult"
    THERAPIST = "therapist"
    MODERATOR = "moderator"
    MANAGER = "manager"
    LEAD = "lead"


WORDS: dict[StrEnum, str] = {
    Hat.CHILD: "the child",
    Hat.OLDER_CHILD: "the child from 12",
    Hat.YOUNG_ADULT: "the young person from 18",
    Hat.SIGNING_CHILD: "a young person whose own signature is asked",
    Hat.GUARDIAN: "every guardian",
    Hat.BOOKS: "a guardian who may book",
    Hat.CONSENTS: "a guardian who may consent",
    Hat.JOINS: "a guardian who may join",
    Hat.CARE_TEAM: "the care team",
    Hat.BREAK_GLASS: "a therapist, four hours in an emergency",
    Hat.SESSION_THERAPIST: "the therapist of this session",
    Hat.LEAD_WAITING: "the safeguarding lead, while consent waits",
    Hat.ANY_CHILD: "a child, for itself",
    Hat.ADULT: "every adult, for themselves",
    Hat.THERAPIST: "a therapist",
    Hat.MODERATOR: "a moderator",
    Hat.MANAGER: "the practice manager",
    Hat.LEAD: "the safeguarding lead",
}

MEANS: dict[Rule, set[StrEnum]] = {
    **{verb: {Hat(one.name) for one in ALLOWED[verb]} for verb in ALLOWED},
    **{role: {Hat(role.value)} for role in Role},
    access.get_child_to_sign: {Hat.CONSENTS, Hat.SIGNING_CHILD},
    access.get_signature_for: {Anyone.OWNER},
    access.get_matter_for: {Hat.CARE_TEAM, Hat.LEAD_WAITING},
    access.get_assent_for: {Hat.CARE_TEAM, Hat.LEAD_WAITING},
    access.check_settles: {Hat.THERAPIST, Hat.LEAD},
    access.get_own_child: {Hat.ANY_CHILD},
    access.check_adult: {Hat.ADULT},
    access.get_colleague_for: {Hat.MANAGER},
    family.get_family_for: {Hat.GUARDIAN, Hat.CARE_TEAM},
    family.get_child_to_add_to: {Hat.CONSENTS, Hat.CARE_TEAM},
    family.get_invitation_for: {Anyone.OWNER, Hat.CARE_TEAM},
    family.get_link_for: {Hat.GUARDIAN, Hat.CARE_TEAM},
    family.get_order_for: {Anyone.OWNER, Hat.CARE_TEAM, Hat.LEAD},
    family.get_flag_for: {Hat.CARE_TEAM, Hat.LEAD},
    family.get_opening_for: {Hat.LEAD},
    family.check_lead: {Hat.LEAD},
}

PEOPLE = (
    page("profile", BOTH, Anyone.SIGNED_IN, what="One's own name, clock, colours and quiet hours."),
    page("staff", GET, Role.MANAGER, what="Who works here."),
    page("staff_invite", BOTH, Role.MANAGER, what="Invite a colleague, once and for some days."),
    page("colleague", GET, access.get_colleague_for, what="A colleague's licences and work."),
    page("licence_add", POST, access.get_colleague_for, what="Add a colleague's licence."),
    page("licence_end", POST, access.get_colleague_for, what="End a colleague's licence."),
    page("work_end", BOTH, access.get_colleague_for, what="End a colleague's work here."),
    page("invitation", BOTH, Anyone.HOLDER, what="A colleague accepts an invitation, once."),
    page("child_add", BOTH, access.check_adult, what="A guardian adds a child."),
    page("child_detail", GET, Verb.SEE, what="The child's page: who belongs to it, what stands."),
    page("child_sign_in_card", GET, Verb.MANAGE_SIGN_IN, what="A new passphrase, shown once."),
    page("child_passphrase", BOTH, Verb.MANAGE_SIGN_IN, what="Set the child's passphrase."),
    page("child_unlock", POST, Verb.MANAGE_SIGN_IN, what="Let the child try to sign in again."),
    page("scan_card", GET, Verb.MANAGE_SIGN_IN, what="The child's printed card, as it stands."),
    page("scan_card_make", POST, Verb.MANAGE_SIGN_IN, what="Print a new card for the child."),
    page("scan_card_arm", POST, Verb.MANAGE_SIGN_IN, what="Make the printed card work once more."),
    page("scan_card_end", POST, Verb.MANAGE_SIGN_IN, what="End the printed card."),
)

BELONGING = (
    page("child_people", GET, family.get_family_for, what="Who belongs to the child, who decides."),
    page("family_invite", POST, family.get_child_to_add_to, what="Invite another guardian."),
    page("family_uninvite", POST, family.get_invitation_for, what="Take an invitation back."),
    page("family_invitation", BOTH, Anyone.HOLDER, what="A guardian accepts an invitation, once."),
    page("guardian_end", BOTH, family.get_link_for, what="End what a guardian may do."),
    page("team_add", POST, Verb.TREAT, what="Add a colleague to the care team."),
    page("team_leave", BOTH, Verb.TREAT, what="Leave the care team oneself."),
    page("custody_set", POST, Verb.TREAT, what="Say who may decide for the child, and why."),
    page("order_add", POST, family.get_child_to_add_to, what="Bring a court's paper."),
    page("order_file", GET, family.get_order_for, what="A court's paper."),
    page("risk_flag", POST, Verb.TREAT, what="Keep something from one guardian."),
    page("risk_review", BOTH, family.get_flag_for, what="A second look at what is kept."),
    page("break_glass", BOTH, Role.THERAPIST, what="Open a record in an emergency."),
    page("safety", GET, family.check_lead, what="What is kept, and what was opened."),
    page("opening_seen", POST, family.get_opening_for, what="Say that an opening was seen."),
    page("opening_close", POST, family.get_opening_for, what="End an opening early."),
)

CONSENT = (
    page("consent_sign", BOTH, access.get_child_to_sign, what="Read and sign the agreement."),
    page("consent_withdraw", BOTH, access.get_child_to_sign, what="Take a signature back."),
    page("consent_dispute", BOTH, Verb.CONSENT, what="Say no to what the other guardian signed."),
    page("consent_copy", GET, access.get_signature_for, what="A copy of what one signed oneself."),
    page("consent_matters", GET, access.check_settles, what="What consent waits for."),
    page("consent_review", BOTH, Verb.SETTLE, what="Decide a review that consent waits for."),
    page("consent_settle", BOTH, access.get_matter_for, what="Settle a dispute about consent."),
    page("assent", BOTH, access.get_own_child, what="The child says yes, not now, or asks."),
    page("assent_reply", BOTH, access.get_assent_for, what="Answer a child's question."),
)

SIGNING_IN = (
    page("child_sign_in", BOTH, Anyone.ANYBODY, what="A child signs in, without an e-mail."),
    page("card", BOTH, Anyone.HOLDER, what="A child signs in with the printed card, once."),
    page("sign_in_state", BOTH, Anyone.ANYBODY, what="Whether one's own sign-in still stands."),
    page("sign_in_end", POST, Anyone.OWNER, what="End one of one's own sign-ins elsewhere."),
    page("usersessions_list", BOTH, Anyone.SIGNED_IN, what="Where one is signed in."),
    page("account_login", BOTH, Anyone.ANYBODY, what="An adult signs in."),
    page("account_logout", BOTH, Anyone.ANYBODY, what="Sign out."),
    page("account_signup", BOTH, Anyone.ANYBODY, what="A guardian makes an account."),
    page("account_inactive", GET, Anyone.ANYBODY, what="Says that an account is closed."),
    page("account_reauthenticate", BOTH, Anyone.SIGNED_IN, what="Prove again who one is."),
    page("account_email", BOTH, access.check_adult, what="One's own e-mail addresses."),
    page("account_email_verification_sent", GET, Anyone.ANYBODY, what="Says: look at your mail."),
    page("account_confirm_email", BOTH, Anyone.HOLDER, what="Confirm an address, from the mail."),
    page("account_change_password", BOTH, Anyone.SIGNED_IN, what="Change one's own password."),
    page("account_set_password", BOTH, Anyone.SIGNED_IN, what="Set a first password."),
    page("account_reset_password", BOTH, Anyone.ANYBODY, what="Ask for a mail to set a new one."),
    page("account_reset_password_done", GET, Anyone.ANYBODY, what="Says the same to everybody."),
    page("account_reset_password_from_key", BOTH, Anyone.HOLDER, what="Set it, from the mail."),
    page("account_reset_password_from_key_done", GET, Anyone.ANYBODY, what="Says it is done."),
    page(
        "account_confirm_login_code",
        BOTH,
        Anyone.HOLDER,
        refusal=Refusal.AWAY,
        what="The second step of signing in by code; turned off here.",
    ),
)

SECOND_FACTOR = (
    page("mfa_index", GET, access.check_adult, what="One's own second factors."),
    page(
        "mfa_authenticate",
        BOTH,
        Anyone.HOLDER,
        refusal=Refusal.AWAY,
        what="The second step of signing in.",
    ),
    page("mfa_reauthenticate", BOTH, access.check_adult, what="Prove it again with a code."),
    page("mfa_activate_totp", BOTH, access.check_adult, what="Set up an app that shows codes."),
    page("mfa_deactivate_totp", BOTH, Anyone.OWNER, what="Remove one's own app."),
    page("mfa_view_recovery_codes", GET, Anyone.OWNER, what="One's own recovery codes, once."),
    page("mfa_generate_recovery_codes", BOTH, access.check_adult, what="Make recovery codes."),
    page("mfa_download_recovery_codes", GET, Anyone.OWNER, what="Save one's recovery codes."),
    page("mfa_list_webauthn", GET, access.check_adult, what="One's own passkeys."),
    page("mfa_add_webauthn", BOTH, access.check_adult, what="Add a passkey."),
    page("mfa_reauthenticate_webauthn", BOTH, access.check_adult, what="Prove it by passkey."),
    page("mfa_remove_webauthn", BOTH, Anyone.OWNER, what="Remove one of one's own passkeys."),
    page("mfa_edit_webauthn", BOTH, Anyone.OWNER, what="Name one of one's own passkeys."),
    page("mfa_login_webauthn", BOTH, Anyone.ANYBODY, what="Sign in by passkey."),
)

TASKS = (
    task("accounts.tasks.birthdays", what="What changes at 12, 16 and 18, on the day."),
    task("accounts.tasks.missing_reviews", what="Ask for reviews that consent waits for."),
)

DOORS: tuple[Door, ...] = (*PEOPLE, *BELONGING, *CONSENT, *SIGNING_IN, *SECOND_FACTOR, *TASKS)
