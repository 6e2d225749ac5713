"""What the page "Who belongs to …" shows each reader."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.access import Verb
from accounts.access_family import visible_flags, visible_invitations, visible_orders
from accounts.family_forms import (
    ColleagueForm,
    CustodyForm,
    FlagForm,
    InviteGuardianForm,
    OrderForm,
)
from accounts.models import (
    CareTeamMembership,
    Child,
    Custody,
    GuardianLink,
    Role,
    StaffMembership,
    Therapist,
    User,
)
from accounts.selectors import people_around


@dataclass(frozen=True)
class Guardian:
    """One row: what another adult may do is shown to themselves and the care team alone."""

    link: GuardianLink
    oneself: bool
    may: list[str] | None
    may_end: bool


def colleagues_for(child: Child) -> QuerySet[Therapist]:
    """Therapists who work here and are not on the team."""
    working = StaffMembership.objects.current().filter(role=Role.THERAPIST)
    team = CareTeamMembership.objects.current().filter(child=child)
    return (
        Therapist.objects.filter(user__is_active=True, user__in=working.values("user_id"))
        .exclude(pk__in=team.values("therapist_id"))
        .select_related("user")
        .order_by("user__display_name")
    )


def links_of(child: Child) -> QuerySet[GuardianLink]:
    return GuardianLink.objects.current().filter(child=child).select_related("guardian")


def forms_for(child: Child, may: set[Verb]) -> dict[str, Any]:
    """Empty ones; a view puts the one that was sent in its place."""
    forms: dict[str, Any] = {}
    if may & {Verb.TREAT, Verb.CONSENT}:
        forms |= {"invite_form": InviteGuardianForm(), "order_form": OrderForm()}
    if Verb.TREAT in may:
        forms["colleague_form"] = ColleagueForm(colleagues_for(child))
        forms["custody_form"] = CustodyForm(initial={"custody": child.custody})
        forms["flag_form"] = FlagForm(links_of(child))
    return forms


def people_page(user: User, child: Child, may: set[Verb]) -> dict[str, Any]:
    links, team = people_around(child)
    treats = Verb.TREAT in may
    may_end_invited = child.custody == Custody.ONE and Verb.CONSENT in may
    orders = list(visible_orders(user, child).order_by("-valid_from"))
    for order in orders:
        order.child = child
    return {
        "child": child,
        "guardians": [
            Guardian(
                link=link,
                oneself=link.guardian_id == user.pk,
                may=link.scope_words if treats or link.guardian_id == user.pk else None,
                may_end=treats
                or link.guardian_id == user.pk
                or (may_end_invited and link.invited_by_id == user.pk),
            )
            for link in links
        ],
        "team": team,
        "treats": treats,
        "on_team": any(member.therapist.user_id == user.pk for member in team),
        "may_add": bool(may & {Verb.TREAT, Verb.CONSENT}),
        "may_invite": treats or (Verb.CONSENT in may and child.custody != Custody.COURT),
        "invitations": list(visible_invitations(user, child).order_by("created_at")),
        "orders": orders,
        "flags": list(visible_flags(user).filter(child=child)) if treats else [],
    }
