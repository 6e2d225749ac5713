"""People, family, consent and staff. Included at the root."""

from django.urls import path

from accounts.views import (
    cards,
    colleagues,
    consent,
    family,
    matters,
    people,
    second_factor,
    sign_ins,
)

urlpatterns = [
    path("sign-in/child/", people.child_sign_in, name="child_sign_in"),
    path("accounts/email/", people.email_addresses, name="account_email"),
    path("accounts/2fa/totp/activate/", second_factor.AppAdd.as_view(), name="mfa_activate_totp"),
    path(
        "accounts/2fa/totp/deactivate/",
        second_factor.AppRemove.as_view(),
        name="mfa_deactivate_totp",
    ),
    path("accounts/2fa/webauthn/add/", second_factor.PasskeyAdd.as_view(), name="mfa_add_webauthn"),
    path(
        "accounts/2fa/webauthn/keys/<int:pk>/remove/",
        second_factor.PasskeyRemove.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "accounts/2fa/recovery-codes/generate/",
        second_factor.RecoveryCodesMake.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("sign-in/state/", sign_ins.state, name="sign_in_state"),
    path("sign-ins/<int:sign_in_id>/end/", sign_ins.end, name="sign_in_end"),
    path("profile/", people.profile, name="profile"),
    path("staff/", people.staff, name="staff"),
    path("staff/invite/", people.staff_invite, name="staff_invite"),
    path("staff/<uuid:membership_id>/", colleagues.colleague, name="colleague"),
    path("staff/<uuid:membership_id>/licence/", colleagues.licence_add, name="licence_add"),
    path(
        "staff/<uuid:membership_id>/licence/<uuid:licence_id>/end/",
        colleagues.licence_end,
        name="licence_end",
    ),
    path("staff/<uuid:membership_id>/end/", colleagues.work_end, name="work_end"),
    path("invitation/<str:token>/", people.invitation, name="invitation"),
    path("children/add/", family.child_add, name="child_add"),
    path("children/<uuid:child_id>/", family.child_detail, name="child_detail"),
    path("children/<uuid:child_id>/card/", family.child_sign_in_card, name="child_sign_in_card"),
    path("card/<str:token>/", cards.card, name="card"),
    path("children/<uuid:child_id>/scan-card/", cards.scan_card, name="scan_card"),
    path("children/<uuid:child_id>/scan-card/make/", cards.make, name="scan_card_make"),
    path("children/<uuid:child_id>/scan-card/ready/", cards.arm, name="scan_card_arm"),
    path("children/<uuid:child_id>/scan-card/end/", cards.end, name="scan_card_end"),
    path("children/<uuid:child_id>/unlock/", cards.unlock, name="child_unlock"),
    path("children/<uuid:child_id>/passphrase/", family.child_passphrase, name="child_passphrase"),
    path("children/<uuid:child_id>/consent/", consent.consent_sign, name="consent_sign"),
    path(
        "children/<uuid:child_id>/consent/withdraw/",
        consent.consent_withdraw,
        name="consent_withdraw",
    ),
    path(
        "children/<uuid:child_id>/consent/disagree/",
        consent.consent_dispute,
        name="consent_dispute",
    ),
    path("children/<uuid:child_id>/consent/review/", matters.consent_review, name="consent_review"),
    path("consent/", matters.consent_matters, name="consent_matters"),
    path("consent/<uuid:matter_id>/settle/", matters.consent_settle, name="consent_settle"),
    path("consent/<uuid:signature_id>/copy/", consent.consent_copy, name="consent_copy"),
    path("assent/", consent.assent, name="assent"),
    path("assent/<uuid:assent_id>/reply/", consent.assent_reply, name="assent_reply"),
]
