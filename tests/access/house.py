"""The house the walk goes through: everybody, one of everything, and as whom each of them stands.

What a door asks for comes from the names in its address (`child_id`, `appointment_id`), so a new
address of a known kind is walked without anybody's thinking of it.
"""

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.doors import Hat
from accounts.models import (
    AssentAnswer,
    BreakGlass,
    ConsentMatter,
    ConsentSignature,
    GuardianLink,
    Role,
    StaffMembership,
)
from accounts.selectors import current_document
from core.doors import Anyone, Door, Kind, doors, hats_of
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from records import actions as records
from scheduling import actions as booking
from scheduling.models import ChildHours, WeeklyHours
from tests.cast import Cast, client_for, staff
from tests.scheduling.steps import a_time, booked, held
from tests.sessions_app.steps import appointment_now

NOBODY = "nobody"
LINK_OWNER = "link_owner"  # whose link `things["link_id"]` is: Dan's
ADULT = {Hat.ADULT}
GUARDIAN = {Hat.GUARDIAN, Hat.BOOKS, Hat.CONSENTS, Hat.JOINS, Anyone.OWNER}
TREATS = {Hat.CARE_TEAM, Hat.SESSION_THERAPIST}

Hats = Mapping[str, set[Any]]

# As whom each stands before Sam's doors. Sam is 11. The lead: a dispute about Sam is open.
OWN: Hats = {
    "maria": ADULT | GUARDIAN,
    "dad": ADULT | {Hat.GUARDIAN, LINK_OWNER},
    "olga": ADULT,
    "sam": {Hat.CHILD, Hat.ANY_CHILD},
    "timo": {Hat.ANY_CHILD},
    "amara": ADULT | TREATS | {Hat.THERAPIST},
    "ben": ADULT | {Hat.THERAPIST},
    "mo": ADULT | {Hat.MODERATOR},
    "pat": ADULT | {Hat.MANAGER},
    "lou": ADULT | {Hat.LEAD, Hat.LEAD_WAITING},
    NOBODY: set(),
}
EVERYBODY = tuple(OWN)
# Doors where a hat does not say it: one's own things that need no child, of which the house has
# Maria's; and a child, once signed in, never meets a second factor.
EXACTLY: Mapping[str, set[str]] = {
    "inbox_read": {"maria"},
    "sign_in_end": {"maria"},
    "mfa_deactivate_totp": set(),
    "mfa_remove_webauthn": set(),
    "mfa_edit_webauthn": set(),
    "mfa_view_recovery_codes": set(),
    "mfa_download_recovery_codes": set(),
    "mfa_login_webauthn": set(EVERYBODY) - {"sam", "timo"},
}
# A rule that depends on the thing, for the thing of this house: a therapist's home, Dan's link.
INSTEAD: Mapping[str, set[Any]] = {
    "home_as": {Hat.THERAPIST},
    "guardian_end": {LINK_OWNER, Hat.CARE_TEAM},
}
HELD = {"book_confirm", "book_release"}
EACH_TIME = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|data-idle-seconds="\d+"'
)

PAGES: dict[str, Door] = {door.name: door for door in doors() if door.kind == Kind.PAGE}


@dataclass
class House:
    cast: Cast
    things: dict[str, Any]
    clients: dict[str, Client]

    def person(self, who: str) -> Any:
        return self.things["lou"] if who == "lou" else getattr(self.cast, who)


def things_of(signed: Cast) -> dict[str, Any]:
    """One of everything that belongs to Sam's family, by the real actions."""
    document = current_document()
    answers: tuple[tuple[AssentAnswer, str], ...] = (
        (AssentAnswer.QUESTION, "Who sees me?"),
        (AssentAnswer.YES, ""),
    )
    asked, _yes = (
        accounts.answer_assent(
            actor=signed.sam,
            child=signed.sam_child,
            document=document,
            answer=answer,
            question=question,
        )
        for answer, question in answers
    )
    booking.add_child_hours(
        actor=signed.maria,
        child=signed.sam_child,
        kind=ChildHours.Kind.SCHOOL,
        weekdays=[0],
        start_minute=540,
        end_minute=600,
    )
    appointment, hold = booked(signed, a_time(signed, n=0)), held(signed, a_time(signed, n=8))
    deliver_due()
    copy = records.ask_copy(actor=signed.maria, child=signed.sam_child)
    erasure = records.ask_erasure(actor=signed.maria, child=signed.sam_child)
    legal = records.place_hold(actor=signed.pat, sign_in_name="sam", reason="A court asks")
    accounts.make_card(actor=signed.maria, child=signed.sam_child)
    accounts.make_card(actor=signed.olga, child=signed.timo_child)
    sign_in = UserSession.objects.create(user=signed.maria, ip="192.0.2.7", session_key="elsewhere")
    matter = ConsentMatter.objects.create(
        child=signed.sam_child, kind="telehealth", what="dispute", raised_by=signed.maria
    )
    return belonging(signed) | {
        "child_id": signed.sam_child.pk,
        "assent_id": asked.pk,
        "matter_id": matter.pk,
        "signature_id": ConsentSignature.objects.get().pk,
        "copy_id": copy.pk,
        "erasure_id": erasure.pk,
        "hold_id": legal.pk,
        "sign_in_id": sign_in.pk,
        "booked": appointment.pk,
        "held": hold.pk,
        "school": ChildHours.objects.get().pk,
        "hours": WeeklyHours.objects.filter(therapist=signed.amara_t).first().pk,  # type: ignore[union-attr]
        "message_id": InboxMessage.objects.filter(recipient=signed.maria).latest("created_at").pk,
        "membership_id": StaffMembership.objects.get(user=signed.amara).pk,
        "licence_id": signed.amara_t.licences.get().pk,
        "attachment_id": uuid.uuid4(),
        "role": "therapist",
        "kind": "weekly",
        "pk": 1_000_000,
        "token": "nonsense",
        "key": "nonsense",
        "uidb36": "abc",
    }


def belonging(signed: Cast) -> dict[str, Any]:
    child = signed.sam_child
    invitation, _token = accounts.invite_guardian(
        actor=signed.maria, child=child, email="gran@example.org", relation="parent", scopes=[]
    )
    order = accounts.add_order(
        actor=signed.maria, child=child, content=b"%PDF-1.7 paper", valid_from=child.today
    )
    flag = accounts.flag_guardian(
        actor=signed.amara, child=child, guardian=signed.dad, hides=["case"], reason="He shouts."
    )
    opening = BreakGlass.objects.create(
        child=child,
        person=signed.ben,
        reason="A call.",
        started_at=timezone.now() - timedelta(hours=9),
        ended_at=timezone.now() - timedelta(hours=5),
    )
    return {
        "invitation_id": invitation.pk,
        "order_id": order.pk,
        "flag_id": flag.pk,
        "link_id": GuardianLink.objects.get(guardian=signed.dad).pk,
        "opening_id": opening.pk,
    }


def open_house(signed: Cast) -> House:
    """Everybody signs in before anything changes: what ends, ends for those who are in."""
    things = things_of(signed)
    things["now"] = appointment_now(signed).pk
    things["lou"] = staff("lou", "Lou", Role.SAFEGUARDING_LEAD)
    house = House(signed, things, {NOBODY: Client()})
    for who in EVERYBODY:
        if who != NOBODY:
            house.clients[who] = client_for(house.person(who))
    for client in house.clients.values():
        client.raise_request_exception = False
    return house


def arguments(name: str) -> list[str]:
    """The names in an address, in order."""
    (_pattern, names), *_ = get_resolver().reverse_dict.getlist(name)[-1][0]
    return list(names)


def thing_for(name: str, argument: str) -> str:
    if argument == "appointment_id":
        if name in HELD:
            return "held"
        return "now" if name.startswith(("session_", "note")) else "booked"
    if argument == "row_id":
        return "school" if name.startswith("rhythm") else "hours"
    return argument


def address(name: str, things: Mapping[str, Any], *, unknown: bool = False) -> str:
    """Where a door is, for these things; `unknown`: with ids that nothing has."""
    values = [things[thing_for(name, argument)] for argument in arguments(name)]
    if unknown:
        none: dict[type, Any] = {uuid.UUID: uuid.uuid4(), int: 999_999_999}
        values = [none.get(type(value), value) for value in values]
    return reverse(name, args=values)


def may(door: Door, hats: Hats) -> set[str]:
    """For whom it opens, of those who wear these hats. Who wears none is signed out."""
    opens: Collection[Any] = INSTEAD.get(door.name, hats_of(door))
    signed_in = {who for who, worn in hats.items() if worn}
    if door.name in EXACTLY:
        return EXACTLY[door.name] & (signed_in if Anyone.OWNER in opens else set(hats))
    if Anyone.ANYBODY in opens:
        return set(hats)
    if Anyone.SIGNED_IN in opens:
        return signed_in
    return {who for who, worn in hats.items() if worn & set(opens)}


def same(response: HttpResponse) -> str:
    """A page without what differs at each request: tokens, and how long a sign-in still lasts."""
    return EACH_TIME.sub("", response.text)
