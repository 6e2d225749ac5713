"""The four answers of scheduling.access agree, for everybody, every verb and every state."""

import itertools
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import GuardianLink, Scope, StaffMembership, User
from core.actors import SystemActor
from core.errors import NotVisible
from scheduling import access, actions
from scheduling.access import Verb
from scheduling.models import Appointment, CancelReason
from tests.agreement import Ask, agreed, fetches
from tests.cast import Cast
from tests.scheduling.steps import a_time, booked, held

EVERYBODY = ("maria", "dad", "olga", "sam", "timo", "amara", "ben", "mo", "pat")

# Who may do what with Sam's booked appointment with Amara, booked by Maria.
BOOKED_TABLE = {
    Verb.SEE: {"maria", "dad", "sam", "amara"},
    Verb.CONFIRM: {"maria"},
    Verb.CHANGE: {"maria", "amara"},
    Verb.CANCEL: {"maria", "amara"},
    Verb.RUN: {"amara"},
}
HELD_TABLE: dict[Verb, set[str]] = {verb: set() for verb in Verb} | {Verb.CONFIRM: {"maria"}}


WAYS: dict[str, Ask] = {
    "can": access.can,
    "visible": lambda person, verb, one: one in access.visible_appointments(person, verb),
    "get": fetches(access.get_appointment_for),
    "people": lambda person, verb, one: person in access.people_who_can(verb, one),
}


def answers(cast: Cast, appointment: Appointment, verb: Verb) -> Collection[str]:
    """Who may, asked all four ways; fails where the ways disagree."""
    return agreed(WAYS, {name: getattr(cast, name) for name in EVERYBODY}, verb, appointment)


@pytest.mark.parametrize("verb", Verb)
def test_a_booked_appointment(signed: Cast, verb: Verb) -> None:
    assert answers(signed, booked(signed), verb) == BOOKED_TABLE[verb]


@pytest.mark.parametrize("verb", Verb)
def test_a_hold_is_only_its_holders(signed: Cast, verb: Verb) -> None:
    assert answers(signed, held(signed), verb) == HELD_TABLE[verb]


def test_a_cancelled_appointment_stays_visible(signed: Cast) -> None:
    appointment = booked(signed)
    actions.cancel(actor=signed.maria, appointment=appointment, reason=CancelReason.FLARE)
    appointment.refresh_from_db()
    assert answers(signed, appointment, Verb.SEE) == BOOKED_TABLE[Verb.SEE]


def test_ended_relations_end_every_verb(signed: Cast) -> None:
    appointment = booked(signed)
    GuardianLink.objects.filter(guardian=signed.maria).update(ended_at=timezone.now())
    accounts.leave_care_team(actor=signed.amara, child=signed.sam_child)
    for verb in Verb:
        assert answers(signed, appointment, verb) <= {"dad", "sam"}


def test_a_therapist_who_no_longer_works_here_sees_nothing(signed: Cast) -> None:
    appointment = booked(signed)
    StaffMembership.objects.filter(user=signed.amara).update(ended_at=timezone.now())
    for verb in Verb:
        assert "amara" not in answers(signed, appointment, verb)
    with pytest.raises(NotVisible):
        access.get_therapist_for(signed.amara)


def test_the_book_scope_alone_lets_a_second_guardian_change_it(signed: Cast) -> None:
    appointment = booked(signed)
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.BOOK])
    assert "dad" in answers(signed, appointment, Verb.CHANGE)
    assert "dad" not in answers(signed, appointment, Verb.CONFIRM)


def test_a_signed_in_person_switched_off_has_nothing(signed: Cast) -> None:
    appointment = booked(signed)
    User.objects.filter(pk=signed.maria.pk).update(is_active=False)
    signed.maria.refresh_from_db()
    for verb in Verb:
        assert "maria" not in answers(signed, appointment, verb)


@pytest.mark.parametrize("actor", [SystemActor("x"), AnonymousUser(), None])
def test_unknown_actors_have_nothing(signed: Cast, actor: Any) -> None:
    appointment = booked(signed)
    for verb in Verb:
        assert not access.can(actor, verb, appointment)
        with pytest.raises(NotVisible):
            access.get_appointment_for(actor, appointment.pk, verb)
    with pytest.raises(NotVisible):
        access.get_therapist_for(actor)


def test_an_unknown_verb_or_id_is_nothing(signed: Cast) -> None:
    appointment = booked(signed)
    assert not access.visible_appointments(signed.maria, "erase").exists()  # type: ignore[arg-type]
    assert not access.people_who_can("erase", appointment).exists()  # type: ignore[arg-type]
    with pytest.raises(NotVisible):
        access.get_appointment_for(signed.maria, uuid.uuid4(), Verb.SEE)


def test_only_a_therapist_sets_hours_and_only_their_own(signed: Cast) -> None:
    today = timezone.now().date()
    for actor, owner in itertools.product(
        (signed.maria, signed.sam, signed.mo, signed.pat, signed.ben), (signed.amara_t,)
    ):
        with pytest.raises(NotVisible):
            actions.add_time_off(
                actor=actor,
                therapist=owner,
                starts_on=today,
                ends_on=today + timedelta(days=1),
            )


def test_only_who_may_book_sets_a_childs_week(signed: Cast) -> None:
    for actor in (*signed.strangers_to_sam, signed.dad, signed.sam):
        with pytest.raises(NotVisible):
            actions.set_rest(actor=actor, child=signed.sam_child, rest_after_minutes=0)
    assert actions.set_rest(actor=signed.maria, child=signed.sam_child, rest_after_minutes=45).pk


def test_offered_times_need_no_relation_but_a_licence(signed: Cast) -> None:
    assert a_time(signed)
    today = timezone.now().date()
    found = access.bookable_therapists(signed.sam_child, today, today)
    assert set(found) == {signed.amara_t, signed.ben_t}
