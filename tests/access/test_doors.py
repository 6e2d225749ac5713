"""Every door of the program, tried by everybody: a new address without a row here fails."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import (
    AssentAnswer,
    BreakGlass,
    ConsentMatter,
    ConsentSignature,
    GuardianLink,
    StaffMembership,
)
from accounts.selectors import current_document
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage
from records import actions as records
from scheduling import actions as booking
from scheduling.models import ChildHours, WeeklyHours
from tests.cast import Cast, client_for
from tests.scheduling.steps import a_time, booked, held

EVERYBODY = ("maria", "dad", "olga", "sam", "timo", "amara", "ben", "mo", "pat")
STRANGERS = {"olga", "timo", "ben"}  # whose 404 is compared with that of an unknown id
CHILDREN = {"sam", "timo"}
ALL = set(EVERYBODY)
SAME_REQUEST = "0" * 32  # the error page shows its number
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")


@dataclass(frozen=True)
class Door:
    """`may`: for whom it opens; all others get the 404 of what does not exist."""

    verbs: tuple[str, ...]
    may: set[str]
    about: tuple[str, ...] = ()


FAMILY = {"maria", "dad", "sam", "amara"}
BOOKERS = {"maria", "amara"}
ROOM = {"maria", "sam", "amara"}
THERAPISTS = {"amara", "ben"}
CHILD, HELD, BOOKED, COLLEAGUE = ("child",), ("held",), ("booked",), ("colleague",)

DOORS: dict[str, Door] = {
    "home_as": Door(GET, THERAPISTS, ("role",)),
    "caseload": Door(GET, THERAPISTS),
    "profile": Door(BOTH, ALL),
    "account_email": Door(BOTH, ALL - CHILDREN),
    "mfa_activate_totp": Door(BOTH, ALL - CHILDREN),
    "mfa_deactivate_totp": Door(BOTH, set()),  # nobody of the cast has one
    "mfa_add_webauthn": Door(BOTH, ALL - CHILDREN),
    "mfa_remove_webauthn": Door(BOTH, set(), ("number",)),
    "mfa_generate_recovery_codes": Door(BOTH, ALL - CHILDREN),
    "sign_in_end": Door(POST, {"maria"}, ("sign_in",)),
    "staff": Door(GET, {"pat"}),
    "staff_invite": Door(BOTH, {"pat"}),
    "colleague": Door(GET, {"pat"}, COLLEAGUE),
    "licence_add": Door(POST, {"pat"}, COLLEAGUE),
    "licence_end": Door(POST, {"pat"}, ("colleague", "licence")),
    "work_end": Door(BOTH, {"pat"}, COLLEAGUE),
    "child_add": Door(BOTH, ALL - CHILDREN),
    "child_detail": Door(GET, FAMILY, CHILD),
    "child_people": Door(GET, {"maria", "dad", "amara"}, CHILD),
    "family_invite": Door(POST, BOOKERS, CHILD),
    "family_uninvite": Door(POST, BOOKERS, ("child", "invitation")),
    "guardian_end": Door(BOTH, {"dad", "amara"}, ("child", "link")),
    "team_add": Door(POST, {"amara"}, CHILD),
    "team_leave": Door(BOTH, {"amara"}, CHILD),
    "custody_set": Door(POST, {"amara"}, CHILD),
    "order_add": Door(POST, BOOKERS, CHILD),
    "order_file": Door(GET, BOOKERS, ("child", "order")),
    "risk_flag": Door(POST, {"amara"}, CHILD),
    "risk_review": Door(BOTH, {"amara"}, ("flag",)),
    "break_glass": Door(BOTH, THERAPISTS),
    "safety": Door(GET, set()),  # the lead's: tests/accounts/test_safety.py
    "opening_seen": Door(POST, set(), ("opening",)),
    "opening_close": Door(POST, set(), ("opening",)),
    "child_sign_in_card": Door(GET, BOOKERS, CHILD),
    "child_passphrase": Door(BOTH, BOOKERS, CHILD),
    "scan_card": Door(GET, BOOKERS, CHILD),
    "scan_card_make": Door(POST, BOOKERS, CHILD),
    "scan_card_arm": Door(POST, BOOKERS, CHILD),
    "scan_card_end": Door(POST, BOOKERS, CHILD),
    "child_unlock": Door(POST, BOOKERS, CHILD),
    "consent_sign": Door(BOTH, {"maria"}, CHILD),
    "consent_withdraw": Door(BOTH, {"maria"}, CHILD),
    "consent_dispute": Door(BOTH, {"maria"}, CHILD),
    "consent_review": Door(BOTH, {"amara"}, CHILD),
    "consent_matters": Door(GET, THERAPISTS),
    "consent_settle": Door(BOTH, {"amara"}, ("matter",)),
    "consent_copy": Door(GET, {"maria"}, ("signature",)),
    "assent": Door(BOTH, CHILDREN),
    "assent_reply": Door(BOTH, {"amara"}, ("asked",)),
    "inbox": Door(GET, ALL),
    "inbox_read_all": Door(POST, ALL),
    "inbox_read": Door(POST, {"maria"}, ("message",)),
    "inbox_push": Door(POST, set()),  # off until a clinic has keys
    "mailbox": Door(GET, set()),  # only in the demo
    "mailbox_message": Door(GET, set(), ("message",)),
    "mailbox_attachment": Door(GET, set(), ("message",)),
    "book": Door(GET, BOOKERS, CHILD),
    "book_times": Door(GET, BOOKERS, CHILD),
    "book_hold": Door(POST, BOOKERS, CHILD),
    "book_confirm": Door(BOTH, {"maria"}, HELD),
    "book_release": Door(POST, {"maria"}, HELD),
    "appointments": Door(GET, ALL),
    "appointment": Door(GET, FAMILY, BOOKED),
    "appointment_move": Door(BOTH, BOOKERS, BOOKED),
    "appointment_cancel": Door(BOTH, BOOKERS, BOOKED),
    "appointment_file": Door(GET, FAMILY, BOOKED),
    "child_rhythm": Door(GET, BOOKERS, CHILD),
    "rhythm_add": Door(POST, BOOKERS, CHILD),
    "rhythm_remove": Door(POST, BOOKERS, ("child", "school")),
    "rhythm_rest": Door(POST, BOOKERS, CHILD),
    "hours": Door(GET, THERAPISTS),
    "hours_add": Door(POST, THERAPISTS),
    "hours_override": Door(POST, THERAPISTS),
    "hours_time_off": Door(POST, THERAPISTS),
    "hours_travel": Door(POST, THERAPISTS),
    "hours_rules": Door(POST, THERAPISTS),
    "hours_remove": Door(POST, THERAPISTS, ("weekly", "hours")),
    "reminders": Door(BOTH, ALL),
    "calendar_feed": Door(GET, ALL),
    "calendar_feed_make": Door(POST, ALL),
    "calendar_feed_revoke": Door(POST, ALL),
    "notes": Door(GET, THERAPISTS),
    "session_check": Door(GET, ROOM, BOOKED),
    "session_wait": Door(GET, ROOM, BOOKED),
    "session_room": Door(GET, ROOM, BOOKED),
    "session_checklist": Door(POST, {"amara"}, BOOKED),
    "session_chat": Door(BOTH, ROOM, BOOKED),
    "note": Door(BOTH, {"amara"}, BOOKED),
    "note_addendum": Door(POST, {"amara"}, BOOKED),
    "session_outcome": Door(POST, {"amara"}, BOOKED),
    "who_looked": Door(GET, {"maria", "dad"}, CHILD),
    "record_copy": Door(BOTH, BOOKERS, CHILD),
    "erasure_ask": Door(BOTH, {"maria"}, CHILD),
    "copy_take": Door(BOTH, {"maria"}, ("copy",)),
    "erasures": Door(GET, {"pat"}),
    "erasure": Door(GET, {"pat"}, ("erasure",)),
    "erasure_approve": Door(POST, {"pat"}, ("erasure",)),
    "erasure_confirm": Door(BOTH, {"pat"}, ("erasure",)),
    "erasure_decline": Door(POST, {"pat"}, ("erasure",)),
    "hold_place": Door(POST, {"pat"}),
    "hold_end": Door(POST, {"pat"}, ("hold",)),
}
# No sign-in needed: nobody's data, or a secret in the address that is its own key.
OPEN = {
    "family_invitation",
    "home",
    "emergency_help",
    "livez",
    "readyz",
    "child_sign_in",
    "sign_in_state",
    "invitation",
    "card",
    "demo_codes",
    "calendar_file",
}


def routes() -> Iterator[str]:
    """The names of all addresses; allauth's own are its own tests' matter, but must be its own."""

    def walk(patterns: Any) -> Iterator[Any]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern

    for pattern in walk(get_resolver().url_patterns):
        if not pattern.callback.__module__.startswith("allauth."):
            yield str(pattern.name)


def test_every_address_has_a_row() -> None:
    found = set(routes())
    ours = {name for name in found if name in DOORS or not name.startswith("account_")}
    assert ours == set(DOORS) | OPEN


@pytest.fixture
def ids(signed: Cast) -> dict[str, Any]:
    """One of everything that belongs to Sam's family, by the real actions."""
    asked = accounts.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.QUESTION,
        question="Who sees me?",
    )
    accounts.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.YES,
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
    sign_in = UserSession.objects.create(user=signed.maria, ip="192.0.2.7", session_key="elsewhere")
    return {
        **belonging(signed),
        "number": 1_000_000,
        "sign_in": sign_in.pk,
        "copy": copy.pk,
        "erasure": erasure.pk,
        "hold": legal.pk,
        "role": "therapist",
        "weekly": "weekly",
        "child": signed.sam_child.pk,
        "asked": asked.pk,
        "matter": ConsentMatter.objects.create(
            child=signed.sam_child, kind="telehealth", what="dispute", raised_by=signed.maria
        ).pk,
        "signature": ConsentSignature.objects.get().pk,
        "school": ChildHours.objects.get().pk,
        "booked": appointment.pk,
        "held": hold.pk,
        "hours": WeeklyHours.objects.filter(therapist=signed.amara_t).first().pk,  # type: ignore[union-attr]
        "message": InboxMessage.objects.filter(recipient=signed.maria).latest("created_at").pk,
        "colleague": StaffMembership.objects.get(user=signed.amara).pk,
        "licence": signed.amara_t.licences.get().pk,
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
        "invitation": invitation.pk,
        "order": order.pk,
        "flag": flag.pk,
        "link": GuardianLink.objects.get(guardian=signed.dad).pk,
        "opening": opening.pk,
    }


def press(client: Client, verb: str, url: str) -> Any:
    """The answer; what the press changed is undone, so that every door finds the same house."""
    with transaction.atomic():
        response = client.generic(verb, url, headers={"X-Request-ID": SAME_REQUEST})
        transaction.set_rollback(True)
    return response


def words(response: Any) -> list[str]:
    """What the page says it is: its title and headings."""
    return re.findall(r"<(?:title|h1|h2)[^>]*>.*?</", response.text, re.DOTALL)


def wrong(door: Door, verb: str, response: Any, who: str) -> str:
    """What is wrong with this answer; "" for nothing."""
    status = response.status_code
    if status >= 500:
        return f"{verb} {status}"
    to_sign_in = status == 302 and "login" in response["Location"]
    if who == "nobody":
        return (
            ""
            if to_sign_in or (status == 404 and not door.may)
            else f"{verb} {status} without sign-in"
        )
    if who not in door.may:
        return "" if status == 404 else f"{verb} {status} for a stranger"
    return f"{verb} {status} for one who may" if status in {404, 405} or to_sign_in else ""


@pytest.mark.parametrize("who", [*EVERYBODY, "nobody"])
def test_every_door(signed: Cast, ids: dict[str, Any], who: str) -> None:
    """Opens for those who may; for others it is the page of what does not exist."""
    client = Client() if who == "nobody" else client_for(getattr(signed, who))
    client.raise_request_exception = False
    found = []
    for name, door in DOORS.items():
        url = reverse(name, args=[ids[what] for what in door.about])
        for verb in door.verbs:
            response = press(client, verb, url)
            if problem := wrong(door, verb, response, who):
                found.append(f"{name}: {problem}")
            if response.status_code == 404 and any(
                isinstance(ids[w], uuid.UUID) for w in door.about
            ):
                nowhere = [
                    uuid.uuid4() if isinstance(ids[w], uuid.UUID) else ids[w] for w in door.about
                ]
                unknown = reverse(name, args=nowhere)
                missing = press(client, verb, unknown)
                if (missing.status_code, words(missing)) != (404, words(response)):
                    found.append(f"{name}: {verb} tells a foreign id from an unknown one")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE"])
def test_a_wrong_verb_is_405(signed: Cast, ids: dict[str, Any], verb: str) -> None:
    found = []
    clients = {who: client_for(getattr(signed, who)) for who in EVERYBODY}
    for name, door in DOORS.items():
        if verb in door.verbs or not door.may:
            continue
        client = clients[min(door.may)]
        response = press(client, verb, reverse(name, args=[ids[what] for what in door.about]))
        if response.status_code != 405:
            found.append(f"{name}: {response.status_code}")
    assert not found, "\n".join(found)


def test_open_pages_show_a_stranger_nothing_and_never_break(db: None, client: Client) -> None:
    for name, args in {
        "home": [],
        "emergency_help": [],
        "livez": [],
        "child_sign_in": [],
        "invitation": ["nonsense"],
        "family_invitation": ["nonsense"],
        "card": ["nonsense"],
        "demo_codes": [],
        "calendar_file": ["nonsense"],
        "account_login": [],
        "account_signup": [],
        "account_reset_password": [],
        "account_inactive": [],
        "account_confirm_email": ["nonsense"],
        "account_reset_password_from_key": ["abc", "set-password"],
    }.items():
        assert client.get(reverse(name, args=args)).status_code < 500, name


def test_a_colleagues_and_another_childs_rows_survive_a_strangers_press(
    signed: Cast, ids: dict[str, Any]
) -> None:
    client_for(signed.ben).post(reverse("hours_remove", args=["weekly", ids["hours"]]))
    client_for(signed.olga).post(
        reverse("rhythm_remove", args=[signed.timo_child.pk, ids["school"]])
    )
    assert WeeklyHours.objects.filter(pk=ids["hours"]).exists()
    assert ChildHours.objects.filter(pk=ids["school"]).exists()
