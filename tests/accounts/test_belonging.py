"""Who belongs to a child: a second guardian comes in by a link, links end, the team changes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.access import Verb, can
from accounts.errors import (
    CourtDecides,
    EnoughInvitations,
    FamilyInvitationNotValid,
    MoreThanOwn,
    ReasonFirst,
)
from accounts.models import (
    CareTeamMembership,
    Child,
    Custody,
    FamilyInvitation,
    GuardianLink,
    Scope,
    User,
)
from accounts.selectors import consent_status
from core.audit.models import AuditEvent
from core.errors import NotVisible
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from tests.cast import Cast, adult, client_for


def invited(
    cast: Cast, *, by: User | None = None, email: str = "gran@example.org", scopes: str = "book"
) -> str:
    _row, token = actions.invite_guardian(
        actor=by or cast.maria,
        child=cast.sam_child,
        email=email,
        relation="grandparent",
        scopes=scopes.split(),
    )
    return token


def address(token: str) -> str:
    return reverse("family_invitation", args=[token])


def link_of(user: User) -> GuardianLink:
    return GuardianLink.objects.current().get(guardian=user)  # type: ignore[no-any-return]


def test_a_second_guardian_comes_in_by_the_link_once_with_what_was_shared(cast: Cast) -> None:
    shown = client_for(cast.maria).post(
        reverse("family_invite", args=[cast.sam_child.pk]),
        {"email": "Gran@example.org", "relation": "grandparent", "scopes": ["book", "join"]},
    )
    invitation = FamilyInvitation.objects.get()
    path = shown.text.partition("/family/")[2].partition("<")[0]
    assert invitation.token_hash not in shown.text
    gran = adult("gran", "Gran")
    client = client_for(gran)
    page = client.get(f"/family/{path}")
    assert "Sam" in page.text
    assert page["Referrer-Policy"] == "no-referrer"
    assert not can(gran, Verb.SEE, cast.sam_child)  # looking spends nothing and gives nothing
    client.post(f"/family/{path}")
    link = link_of(gran)
    assert (link.relation, link.scopes, link.invited_by) == (
        "grandparent",
        ["book", "join"],
        cast.maria,
    )
    assert can(gran, Verb.BOOK, cast.sam_child)
    assert not can(gran, Verb.CONSENT, cast.sam_child)
    assert client.post(f"/family/{path}").status_code == 410
    assert AuditEvent.objects.filter(action="guardian.link", actor_id=gran.pk).count() == 1


def test_a_used_old_foreign_or_damaged_link_is_one_sentence_and_changes_nothing(
    cast: Cast,
) -> None:
    gran, thief = adult("gran", "Gran"), adult("thief", "Thief")
    expired, taken_back, unproved, good = (invited(cast) for _n in range(4))
    rows = FamilyInvitation.objects.order_by("created_at")
    FamilyInvitation.objects.filter(pk=rows[0].pk).update(expires_at=timezone.now())
    actions.take_back_invitation(actor=cast.maria, invitation=rows[1])
    own = invited(cast, email="sam@example.org")
    before = list(GuardianLink.objects.values_list("pk", flat=True))
    answers = []
    for who, token in (
        (gran, expired),
        (gran, taken_back),
        (gran, good + "x"),
        (thief, good),
        (cast.olga, good),
        (cast.sam, own),  # a child is nobody's guardian
        (cast.maria, invited(cast, email="maria@example.org")),  # belongs already
    ):
        for ask in (Client.get, Client.post):
            answer = ask(client_for(who), address(token))
            answers.append(
                (answer.status_code, str(FamilyInvitationNotValid.message) in answer.text)
            )
    gran.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
    answers.append((client_for(gran).post(address(unproved)).status_code, True))
    assert set(answers) == {(410, True)}
    assert list(GuardianLink.objects.values_list("pk", flat=True)) == before
    assert not FamilyInvitation.objects.filter(used_at__isnull=False).exists()
    refused = AuditEvent.objects.filter(action="guardian.invitation_refused")
    assert set(refused.values_list("actor_id", flat=True)) == {
        user.pk for user in (gran, thief, cast.olga, cast.sam, cast.maria)
    }


def test_without_a_sign_in_every_link_shows_the_same_page(cast: Cast, client: Client) -> None:
    good, bad = (client.get(address(token)).text for token in (invited(cast), "nonsense"))
    assert "Sam" not in good
    assert good.count("nonsense") == 0
    assert len(good) - len(bad) == 2 * (43 - len("nonsense"))  # only the way back differs


def test_a_guardian_shares_only_their_own_and_only_where_no_court_has_decided(cast: Cast) -> None:
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=["consent"])
    with pytest.raises(MoreThanOwn):
        invited(cast, by=cast.dad, scopes="consent book")
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=["book"])
    token = invited(cast)
    for stranger in (cast.dad, cast.sam, *cast.strangers_to_sam):
        with pytest.raises(NotVisible):
            invited(cast, by=stranger)
    actions.set_custody(
        actor=cast.amara, child=cast.sam_child, custody=Custody.COURT, reason="An order."
    )
    with pytest.raises(CourtDecides):
        invited(cast)
    # what was made before counts no more, what the care team makes does
    gran = adult("gran", "Gran")
    with pytest.raises(FamilyInvitationNotValid):
        actions.accept_family_invitation(actor=gran, token=token)
    actions.accept_family_invitation(actor=gran, token=invited(cast, by=cast.amara))
    while FamilyInvitation.objects.filter(used_at=None).count() < 6:
        invited(cast, by=cast.amara)
    with pytest.raises(EnoughInvitations):
        invited(cast, by=cast.amara)


def test_who_may_end_a_link(cast: Cast) -> None:
    """Oneself; where one decides, who invited them; the care team with a reason; nobody else."""
    gran = adult("gran", "Gran")
    link = actions.accept_family_invitation(actor=gran, token=invited(cast))
    for stranger in (cast.dad, cast.sam, *cast.strangers_to_sam):
        with pytest.raises(NotVisible):
            actions.end_guardian_link(actor=stranger, link=link)
    with pytest.raises(NotVisible):
        actions.end_guardian_link(actor=cast.maria, link=link_of(cast.dad))  # not who invited him
    with pytest.raises(ReasonFirst):
        actions.end_guardian_link(actor=cast.amara, link=link, reason=" ")
    Child.objects.filter(pk=cast.sam_child.pk).update(custody=Custody.BOTH)
    with pytest.raises(NotVisible):
        actions.end_guardian_link(actor=cast.maria, link=link)
    Child.objects.filter(pk=cast.sam_child.pk).update(custody=Custody.ONE)
    assert link_of(gran).ended_at is None
    page = client_for(cast.maria).get(reverse("child_people", args=[cast.sam_child.pk])).text
    end = reverse("guardian_end", args=[cast.sam_child.pk, link.pk])
    assert end in page
    assert reverse("guardian_end", args=[cast.sam_child.pk, link_of(cast.dad).pk]) not in page
    client_for(cast.maria).post(end)
    assert not can(gran, Verb.SEE, cast.sam_child)
    client_for(cast.dad).post(
        reverse("guardian_end", args=[cast.sam_child.pk, link_of(cast.dad).pk])
    )
    assert not can(cast.dad, Verb.SEE, cast.sam_child)


def test_the_care_teams_reason_is_sealed_and_no_family_page_or_copy_has_it(cast: Cast) -> None:
    link = link_of(cast.dad)
    end = reverse("guardian_end", args=[cast.sam_child.pk, link.pk])
    amara = client_for(cast.amara)
    assert amara.post(end, {"reason": ""}).status_code == 422
    amara.post(end, {"reason": "sentinel-why"})
    link.refresh_from_db()
    assert (link.end_reason, link.ended_at is not None) == ("sentinel-why", True)
    page = client_for(cast.maria).get(reverse("child_people", args=[cast.sam_child.pk])).text
    assert "sentinel-why" not in page


def test_consent_falls_with_the_link_and_invitations_of_who_left(signed: Cast) -> None:
    token = invited(signed)
    assert consent_status(signed.sam_child).stands
    actions.end_guardian_link(actor=signed.maria, link=link_of(signed.maria))
    assert not consent_status(signed.sam_child).stands
    gran = adult("gran", "Gran")
    with pytest.raises(FamilyInvitationNotValid):
        actions.accept_family_invitation(actor=gran, token=token)
    assert (
        client_for(signed.maria)
        .get(reverse("child_people", args=[signed.sam_child.pk]))
        .status_code
        == 404
    )


def test_one_more_who_decides_stops_what_stood_where_all_decide(signed: Cast) -> None:
    Child.objects.filter(pk=signed.sam_child.pk).update(custody=Custody.BOTH)
    GuardianLink.objects.filter(guardian=signed.dad).update(ended_at=timezone.now())
    child = Child.objects.select_related("user").get(pk=signed.sam_child.pk)
    gran = adult("gran", "Gran")
    actions.accept_family_invitation(actor=gran, token=invited(signed, scopes="consent"))
    assert consent_status(child).deciders == {signed.maria.pk, gran.pk}
    assert not consent_status(child).stands


def test_a_therapist_adds_a_colleague_who_is_told_and_leaves_alone(cast: Cast) -> None:
    team = reverse("team_add", args=[cast.sam_child.pk])
    amara, ben = client_for(cast.amara), client_for(cast.ben)
    assert ben.post(team, {"therapist": cast.ben_t.pk}).status_code == 404
    assert amara.post(team, {"therapist": cast.amara_t.pk}).status_code == 422  # there already
    amara.post(team, {"therapist": cast.ben_t.pk})
    assert can(cast.ben, Verb.TREAT, cast.sam_child)
    deliver_due()
    assert InboxMessage.objects.filter(recipient=cast.ben, title="You are on a care team").exists()
    leave = reverse("team_leave", args=[cast.sam_child.pk])
    assert client_for(cast.maria).post(leave).status_code == 404
    amara.post(leave)
    assert not can(cast.amara, Verb.SEE, cast.sam_child)
    assert can(cast.ben, Verb.TREAT, cast.sam_child)  # nobody else left
    trail = AuditEvent.objects.filter(child_id=cast.sam_child.pk, action__startswith="care_team.")
    assert [(row.action, row.actor_id) for row in trail.order_by("pk")][-2:] == [
        ("care_team.join", cast.amara.pk),
        ("care_team.leave", cast.amara.pk),
    ]
    assert CareTeamMembership.objects.filter(ended_at__isnull=False).count() == 1


def test_each_of_two_households_reads_only_what_they_themselves_may_do(cast: Cast) -> None:
    GuardianLink.objects.filter(guardian=cast.maria).update(scopes=[Scope.CONSENT, Scope.BOOK])
    invited(cast)
    url = reverse("child_people", args=[cast.sam_child.pk])
    maria, dad, amara = (client_for(u).get(url).text for u in (cast.maria, cast.dad, cast.amara))
    assert "gran@example.org" in maria
    assert "gran@example.org" in amara
    assert "gran@example.org" not in dad
    assert "Give consent" in maria
    assert dad.count("You may:") == 1
    assert "Make the link" not in dad
    assert "Kept from one guardian" in amara
    assert "Kept from" not in maria + dad


def test_an_invitation_ends_after_seven_days(cast: Cast) -> None:
    token = invited(cast)
    row = FamilyInvitation.objects.get()
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert token not in str(row.__dict__)
