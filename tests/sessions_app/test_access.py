"""The four answers of sessions_app.access agree, for everybody, every verb and every state."""

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
from scheduling.models import Appointment, State
from sessions_app import access
from sessions_app.access import Verb
from sessions_app.models import Part, Participant
from tests.agreement import Ask, agreed, fetches
from tests.cast import Cast
from tests.sessions_app.steps import appointment_now, arrived

EVERYBODY = ("maria", "dad", "olga", "sam", "timo", "amara", "ben", "mo", "pat")
TABLE = {Verb.ENTER: {"maria", "sam", "amara"}, Verb.RUN: {"amara"}}


WAYS: dict[str, Ask] = {
    "can": access.can,
    "visible": lambda person, verb, one: one in access.visible_appointments(person, verb),
    "get": fetches(lambda *asked: access.get_seat_for(*asked).appointment),
    "people": lambda person, verb, one: person in access.people_who_can(verb, one),
}


def answers(cast: Cast, appointment: Appointment, verb: Verb) -> Collection[str]:
    """Who may, asked all four ways; fails where the ways disagree."""
    return agreed(WAYS, {name: getattr(cast, name) for name in EVERYBODY}, verb, appointment)


@pytest.mark.parametrize("verb", Verb)
def test_a_session_of_today(signed: Cast, verb: Verb) -> None:
    assert answers(signed, appointment_now(signed), verb) == TABLE[verb]


@pytest.mark.parametrize("verb", Verb)
def test_a_cancelled_session_is_refused_with_a_reason_only_to_those_it_was_for(
    signed: Cast, verb: Verb
) -> None:
    assert answers(signed, appointment_now(signed, state=State.CANCELLED), verb) == TABLE[verb]


@pytest.mark.parametrize("state", [State.HELD, State.EXPIRED])
@pytest.mark.parametrize("verb", Verb)
def test_a_hold_has_no_room(signed: Cast, verb: Verb, state: State) -> None:
    held = appointment_now(signed, state=state, hold_expires_at=timezone.now())
    assert answers(signed, held, verb) == set()


@pytest.mark.parametrize("verb", Verb)
def test_a_colleague_of_the_care_team_has_no_part_in_this_session(signed: Cast, verb: Verb) -> None:
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    assert answers(signed, appointment_now(signed), verb) == TABLE[verb]


def test_the_join_scope_alone_lets_a_guardian_in(signed: Cast) -> None:
    now = appointment_now(signed)
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    assert answers(signed, now, Verb.ENTER) == TABLE[Verb.ENTER] | {"dad"}
    GuardianLink.objects.filter(guardian=signed.maria).update(scopes=[Scope.BOOK, Scope.CONSENT])
    assert answers(signed, now, Verb.ENTER) == {"dad", "sam", "amara"}


def test_ended_relations_end_every_verb(signed: Cast) -> None:
    now = appointment_now(signed)
    GuardianLink.objects.filter(guardian=signed.maria).update(ended_at=timezone.now())
    accounts.leave_care_team(actor=signed.amara, child=signed.sam_child)
    assert answers(signed, now, Verb.ENTER) == {"sam"}
    assert answers(signed, now, Verb.RUN) == set()


def test_a_therapist_who_no_longer_works_here_runs_nothing(signed: Cast) -> None:
    now = appointment_now(signed)
    StaffMembership.objects.filter(user=signed.amara).update(ended_at=timezone.now())
    assert answers(signed, now, Verb.RUN) == set()


def test_a_switched_off_child_ends_it_for_everybody(signed: Cast) -> None:
    now = appointment_now(signed)
    User.objects.filter(pk=signed.sam.pk).update(is_active=False)
    now = Appointment.objects.get(pk=now.pk)
    signed.sam.refresh_from_db()
    for verb in Verb:
        assert answers(signed, now, verb) == set()


@pytest.mark.parametrize("actor", [SystemActor("x"), AnonymousUser(), None])
def test_unknown_actors_verbs_and_ids_have_nothing(signed: Cast, actor: Any) -> None:
    now = appointment_now(signed)
    for verb in Verb:
        assert not access.can(actor, verb, now)
        with pytest.raises(NotVisible):
            access.get_seat_for(actor, now.pk, verb)
    assert not access.visible_appointments(signed.amara, "erase").exists()  # type: ignore[arg-type]
    assert not access.people_who_can("erase", now).exists()  # type: ignore[arg-type]
    with pytest.raises(NotVisible):
        access.get_seat_for(signed.sam, uuid.uuid4())


def test_each_comes_with_their_own_part(signed: Cast) -> None:
    now = appointment_now(signed)
    parts = {
        name: access.get_seat_for(getattr(signed, name), now.pk).part for name in TABLE[Verb.ENTER]
    }
    assert parts == {"maria": Part.GUARDIAN, "sam": Part.CHILD, "amara": Part.THERAPIST}


def test_the_rule_for_many_rows_is_the_same_rule(signed: Cast) -> None:
    """`still_allowed` is what every line of chat is checked with."""
    now = appointment_now(signed)
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    for name in ("maria", "dad", "sam", "amara"):
        arrived(getattr(signed, name), now)
    # A colleague of the team, left over in a row of this session, is nobody here.
    accounts.join_care_team(actor=signed.maria, child=signed.sam_child, therapist=signed.ben_t)
    Participant.objects.create(session=now.session, user=signed.ben, part=Part.THERAPIST)
    changes = [
        lambda: None,
        lambda: GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.BOOK]),
        lambda: GuardianLink.objects.filter(guardian=signed.maria).update(ended_at=timezone.now()),
        lambda: StaffMembership.objects.filter(user=signed.amara).update(
            ended_at=timezone.now() - timedelta(seconds=1)
        ),
        lambda: User.objects.filter(pk=signed.sam.pk).update(is_active=False),
    ]
    left = []
    for change in changes:
        change()
        fresh = Appointment.objects.get(pk=now.pk)
        rows = Participant.objects.filter(access.still_allowed())
        assert {row.user for row in rows} == set(access.people_who_can(Verb.ENTER, fresh))
        left.append(len(rows))
    assert left == [4, 3, 2, 1, 0]
