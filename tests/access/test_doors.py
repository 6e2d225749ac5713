"""The walk: everybody tries every door, in every situation, and the table says what must happen.

A row of doors.py names a rule; a rule means people (`hats`); here each actor wears hats, and a
situation changes what they wear. So the table, the views and the access rules are held against
something none of them decides.
"""

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from accounts import actions as accounts
from accounts.doors import Hat
from accounts.models import Child, Custody, GuardianLink, Scope, StaffMembership
from core import health
from core.doors import Anyone, Door, hats_of
from scheduling.models import ChildHours, WeeklyHours
from telehealth.celery import app as celery
from tests.access.house import (
    ADULT,
    EVERYBODY,
    GUARDIAN,
    OWN,
    PAGES,
    Hats,
    House,
    address,
    arguments,
    may,
    open_house,
    same,
    thing_for,
)
from tests.cast import birthday, build_cast, sign

# One house for all of them, so one worker.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("walk")]
AGAIN = {"hours_remove"}  # what is gone already may be pressed away twice
SAME_REQUEST = "0" * 32  # the error page shows its number
STRANGERS = {"olga", "timo", "ben", "pat"}
FOR_ALL = {Anyone.ANYBODY, Anyone.SIGNED_IN, Anyone.HOLDER, Anyone.DEMO}
NOT_FOUND, WRONG_VERB, BROKEN = 404, 405, 500


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """Built once; what a test does in it is undone."""
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]  # as Django's own tests say it
    with django_db_blocker.unblock(), outer:
        cast = build_cast()
        sign(cast.maria, cast.sam_child)
        yield open_house(cast)
        transaction.set_rollback(True)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Pen:
    """Whether pages of errors are drawn; else their words stand for them."""

    draws: bool = False


@pytest.fixture(autouse=True)
def pen(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Pen]:
    """A page's drawing has its own tests; here only who gets it counts."""
    draw, pen = Template.render, Pen()

    def render(self: Template, context: Any = None, request: Any = None) -> str:
        name = str(self.template.name)
        if not name.startswith("errors/"):
            return f"<h1>{name}</h1>"
        if pen.draws:
            return draw(self, context, request)
        said = {key: str(value) for key, value in context.items() if key != "path"}
        return f"<h1>{name}</h1> {said} {getattr(request, 'role', '')}"

    monkeypatch.setattr(Template, "render", render)
    settings.WEBPUSH_PRIVATE_KEY = "a clinic that has one"
    health.beat()  # a worker has been heard: /readyz says so to everybody
    logging.disable()
    yield pen
    logging.disable(logging.NOTSET)


def press(client: Client, verb: str, url: str) -> Any:
    """The answer; what the press changed is undone, so that every door finds the same house."""
    cookies = client.cookies
    client.cookies = SimpleCookie({key: morsel.value for key, morsel in cookies.items()})
    with undone():
        response = client.generic(verb, url, headers={"X-Request-ID": SAME_REQUEST})
    client.cookies = cookies
    return response


@dataclass
class Walker:
    """One person on the way through the house."""

    house: House
    who: str
    found: list[str] = field(default_factory=list)
    nowhere: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        return self.house.clients[self.who]

    def absent(self, verb: str) -> str:
        """The page of an address that does not exist, as this person sees it."""
        if verb not in self.nowhere:
            response = press(self.client, verb, "/no/such/address/")
            assert response.status_code == NOT_FOUND
            self.nowhere[verb] = same(response)
        return self.nowhere[verb]

    def tries(self, door: Door, verbs: tuple[str, ...], hats: Hats, things: dict[str, Any]) -> None:
        for verb in verbs:
            response = press(self.client, verb, address(door.name, things))
            if problem := self.wrong(door, response, hats):
                self.found.append(f"{self.who} {verb} {door.name}: {problem}")
            elif response.status_code == NOT_FOUND and same(response) != self.absent(verb):
                self.found.append(f"{self.who} {verb} {door.name}: not the page of an absent thing")

    def wrong(self, door: Door, response: Any, hats: Hats) -> str:
        status, signed_in = response.status_code, bool(hats[self.who])
        to_sign_in = status == 302 and "/login/" in response["Location"]
        if status >= BROKEN:
            return str(status)
        if Anyone.HOLDER in door.who:  # nonsense in the address: anything but data
            return ""
        if self.who in may(door, hats):
            closed = status in {NOT_FOUND, WRONG_VERB} or (to_sign_in and signed_in)
            return f"{status} for one who may" if closed else ""
        if not signed_in and Anyone.DEMO not in door.who:
            return "" if to_sign_in else f"{status} without sign-in"
        return "" if status == NOT_FOUND else f"{status} for a stranger"


def walk(house: House, who: str) -> list[str]:
    """Every door, every verb, as everybody is from the start."""
    walker = Walker(house, who)
    for door in PAGES.values():
        walker.tries(door, door.verbs, OWN, house.things)
    return walker.found


def walk_again(house: House, who: str, hats: Hats, things: dict[str, Any]) -> list[str]:
    """What may have changed for them: doors that open by who one is, by the verb that writes."""
    walker = Walker(house, who)
    for door in PAGES.values():
        about = {thing_for(door.name, argument) for argument in arguments(door.name)}
        if not hats_of(door) <= FOR_ALL and (not things or (about and about <= set(things))):
            walker.tries(door, door.verbs[-1:], hats, house.things | things)
    return walker.found


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_door(house: House, who: str, pen: Pen) -> None:
    """Opens for those who may; for others it is the page of what does not exist, to the letter."""
    pen.draws = who in STRANGERS
    found = walk(house, who)
    assert not found, "\n".join(found)


# --- what changes ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Situation:
    """`happens`, and then `stand` says as whom those walk whom it is about."""

    happens: Callable[[House], object]
    stand: Hats
    things: Callable[[House], dict[str, Any]] | None = None


def consent_is_taken_back(house: House) -> None:
    accounts.withdraw_consent(actor=house.cast.maria, child=house.cast.sam_child)


def guardians_disagree(house: House) -> None:
    Child.objects.filter(pk=house.cast.sam_child.pk).update(custody=Custody.BOTH)
    GuardianLink.objects.filter(guardian=house.cast.dad).update(scopes=[Scope.CONSENT])
    child = Child.objects.get(pk=house.cast.sam_child.pk)
    accounts.dispute_consent(actor=house.cast.dad, child=child)


def marias_link_ends(house: House) -> None:
    link = GuardianLink.objects.get(guardian=house.cast.maria)
    accounts.end_guardian_link(actor=house.cast.maria, link=link)


def amara_leaves_the_team(house: House) -> None:
    accounts.leave_care_team(actor=house.cast.amara, child=house.cast.sam_child)


def ben_breaks_the_glass(house: House) -> None:
    accounts.break_glass(actor=house.cast.ben, sign_in_name="sam", reason="A call from the school.")


def their_work_ends(house: House) -> None:
    people = [house.cast.amara, house.cast.pat, house.things["lou"]]
    StaffMembership.objects.filter(user__in=people).update(ended_at=timezone.now())


def everybody_is_switched_off(house: House) -> None:
    for who in ("maria", "sam", "amara", "pat"):
        person = house.person(who)
        type(person).objects.filter(pk=person.pk).update(is_active=False)


def sam_is(years: int) -> Callable[[House], None]:
    def happens(house: House) -> None:
        born = birthday(years)
        adult = datetime(born.year + 18, 1, 1, tzinfo=UTC)
        Child.objects.filter(pk=house.cast.sam_child.pk).update(birth_date=born, adult_at=adult)

    return happens


def nothing(_house: House) -> None:
    """They are who they were, before another family's door."""


SITUATIONS: dict[str, Situation] = {
    "no consent": Situation(consent_is_taken_back, {who: OWN[who] for who in ("maria", "sam")}),
    "disputed": Situation(
        guardians_disagree,
        {"maria": OWN["maria"], "dad": OWN["dad"] | {Hat.CONSENTS}},
    ),
    "another family": Situation(
        nothing,
        {
            "olga": ADULT | GUARDIAN,
            "timo": {Hat.CHILD, Hat.ANY_CHILD},
            "ben": ADULT | {Hat.THERAPIST, Hat.CARE_TEAM},
            "maria": ADULT,
            "sam": {Hat.ANY_CHILD},
            "amara": ADULT | {Hat.THERAPIST},
        },
        lambda house: {"child_id": house.cast.timo_child.pk},
    ),
    "the link ended": Situation(marias_link_ends, {"maria": ADULT, "dad": OWN["dad"]}),
    "the care team left": Situation(
        amara_leaves_the_team, {"amara": ADULT | {Hat.THERAPIST}, "maria": OWN["maria"]}
    ),
    "work here ended": Situation(their_work_ends, {"amara": ADULT, "pat": ADULT, "lou": ADULT}),
    "switched off": Situation(
        everybody_is_switched_off, {who: set() for who in ("maria", "sam", "amara", "pat")}
    ),
    "break-glass": Situation(
        ben_breaks_the_glass, {"ben": OWN["ben"] | {Hat.BREAK_GLASS}, "amara": OWN["amara"]}
    ),
    "from 12": Situation(sam_is(13), {"sam": OWN["sam"] | {Hat.OLDER_CHILD}}),
    "from 18": Situation(
        sam_is(19),
        {
            "sam": OWN["sam"] | {Hat.OLDER_CHILD, Hat.YOUNG_ADULT, Hat.SIGNING_CHILD},
            "maria": ADULT,
            "dad": ADULT,
        },
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_door_when(house: House, name: str) -> None:
    """Signed in before it happened; refused with the next request after it."""
    situation = SITUATIONS[name]
    found = []
    with undone():
        situation.happens(house)
        things = situation.things(house) if situation.things else {}
        for who in situation.stand:
            found += walk_again(house, who, situation.stand, things)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("when", "status"), {"before": 200, "no consent": 302, "disputed": 302}.items()
)
def test_without_consent_nobody_of_the_family_waits(house: House, when: str, status: int) -> None:
    if when != "before":
        SITUATIONS[when].happens(house)
    for who in ("maria", "sam"):
        door = address("session_wait", house.things)
        assert press(house.clients[who], "GET", door).status_code == status, who


def test_an_unknown_id_is_the_same_page_for_those_who_may(house: House) -> None:
    """A foreign id has been compared with an absent address by the walk; here those who may."""
    found = []
    for name, door in PAGES.items():
        if name in AGAIN or not any(argument.endswith("_id") for argument in arguments(name)):
            continue
        for who in sorted(may(door, OWN))[:1]:
            walker = Walker(house, who)
            response = press(
                walker.client, door.verbs[0], address(name, house.things, unknown=True)
            )
            if response.status_code != NOT_FOUND or same(response) != walker.absent(door.verbs[0]):
                found.append(f"{who} {name}: {response.status_code}")
    assert not found, "\n".join(found)


def test_a_wrong_verb_is_405(house: House) -> None:
    found = []
    for name, door in PAGES.items():
        url, opens_for = address(name, house.things), sorted(may(door, OWN))
        theirs = resolve(url).func.__module__.startswith("allauth.")
        if theirs or Anyone.ANYBODY in door.who or not opens_for:
            continue
        for verb in {"GET", "POST", "PUT", "DELETE"} - set(door.verbs):
            response = press(house.clients[opens_for[0]], verb, url)
            if response.status_code != WRONG_VERB:
                found.append(f"{verb} {name}: {response.status_code}")
    assert not found, "\n".join(found)


def test_a_colleagues_and_another_childs_rows_survive_a_strangers_press(house: House) -> None:
    things = house.things | {"child_id": house.cast.timo_child.pk}
    with undone():
        house.clients["ben"].post(address("hours_remove", house.things))
        house.clients["olga"].post(address("rhythm_remove", things))
        assert WeeklyHours.objects.filter(pk=house.things["hours"]).exists()
        assert ChildHours.objects.filter(pk=house.things["school"]).exists()


def test_no_person_can_tell_a_task_what_to_do() -> None:
    """Tasks take no word from outside: what they do comes from rows, which actions have checked."""
    for name, task in celery.tasks.items():
        if not name.startswith("celery."):
            assert not inspect.signature(task.run).parameters, name
