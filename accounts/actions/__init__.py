"""Every write to people, links, consent and invitations."""

from accounts.actions.cards import arm_card, end_card, make_card, refuse_card, use_card
from accounts.actions.children import add_child, close_sign_in, save_profile, set_child_passphrase
from accounts.actions.colleagues import add_licence, end_licence, end_work
from accounts.actions.consent import (
    answer_assent,
    dispute_consent,
    reply_to_question,
    sign_consent,
    withdraw_consent,
)
from accounts.actions.custody import add_order, set_custody, upload_refused
from accounts.actions.family_invitations import (
    accept_family_invitation,
    invite_guardian,
    look_at_family_invitation,
    take_back_invitation,
)
from accounts.actions.links import (
    add_colleague,
    end_guardian_link,
    join_care_team,
    leave_care_team,
    link_guardian,
)
from accounts.actions.matters import review_consent, settle_dispute
from accounts.actions.safety import (
    acknowledge_opening,
    break_glass,
    close_opening,
    flag_guardian,
    review_flag,
)
from accounts.actions.sign_ins import (
    end_sign_in,
    end_sign_ins,
    reset_second_factor,
    stay_signed_in,
    unlock_child,
)
from accounts.actions.staff import accept_invitation, invite_staff, refuse_invitation

__all__ = [
    "accept_family_invitation",
    "accept_invitation",
    "acknowledge_opening",
    "add_child",
    "add_colleague",
    "add_licence",
    "add_order",
    "answer_assent",
    "arm_card",
    "break_glass",
    "close_opening",
    "close_sign_in",
    "dispute_consent",
    "end_card",
    "end_guardian_link",
    "end_licence",
    "end_sign_in",
    "end_sign_ins",
    "end_work",
    "flag_guardian",
    "invite_guardian",
    "invite_staff",
    "join_care_team",
    "leave_care_team",
    "link_guardian",
    "look_at_family_invitation",
    "make_card",
    "refuse_card",
    "refuse_invitation",
    "reply_to_question",
    "reset_second_factor",
    "review_consent",
    "review_flag",
    "save_profile",
    "set_child_passphrase",
    "set_custody",
    "settle_dispute",
    "sign_consent",
    "stay_signed_in",
    "take_back_invitation",
    "unlock_child",
    "upload_refused",
    "use_card",
    "withdraw_consent",
]
