"""The answers of accounts.access agree, for everybody, every verb, and whatever happened."""

import uuid
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import access
from accounts import actions as accounts
from accounts.access import ALLOWED, Verb
from accounts.models import (
    AssentAnswer,
    Child,
    ConsentMatter,
    GuardianLink,
    Role,
    Scope,
    StaffMembership,
    User,
)
from accounts.selectors import current_document
from core.actors import SystemActor
from core.errors import NotVisible
from tests.agreement import Ask, agreed, fetches
from tests.cast import Cast, sign, staff

EVERYBODY = ("maria", "dad", "olga", "sam", "timo", "amara", "ben", "mo", "pat")

# Who may do what with Sam, who is 11; Dan is a guardian who may only see.
TABLE = {
    Verb.SEE: {"maria", "dad", "sam", "amara"},
    Verb.BOOK: {"maria", "amara"},
    Verb.CONSENT: {"maria"},
    Verb.ASSENT: {"sam"},
    Verb.MANAGE_SIGN_IN: {"maria", "amara"},
    Verb.JOIN: {"maria", "sam", "amara"},
    Verb.ATTEND: {"maria", "sam"},
    Verb.TREAT: {"amara"},
    Verb.READ: {"amara"},
    Verb.SETTLE: {"amara"},
}


def _beside(person: User, verb: Verb, child: Child) -> bool:
    """By the child and verbs of one query. Not for who may settle a matter without seeing."""
    try:
        found, verbs = access.get_child_and_verbs_for(person, child.pk)
    except NotVisible:
        return access.can(person, verb, child) and not access.can(person, Verb.SEE, child)
    return found == child and verb in verbs


def _within(person: User, verb: Verb, child: Child) -> bool:
    rows = Child.objects.filter(pk=child.pk, pk__in=access.visible_ids(person, verb))
    return rows.exists()


WAYS: dict[str, Ask] = {
    "can": access.can,
    "visible": lambda person, verb, child: child in access.visible_children(person, verb),
    "ids": _within,
    "get": fetches(access.get_child_for),
    "verbs": _beside,
}


def _pairs(verb: Verb, people: Collection[User], child: Child) -> set[uuid.UUID]:
    """By the rule for rows that name both: any row will do that ties two, even an ended one."""
    now = timezone.now()
    past = {"started_at": now - timedelta(days=1), "ended_at": now, "scopes": []}
    rows = [GuardianLink(child=child, guardian=person, **past) for person in people]
    ids = [row.pk for row in GuardianLink.objects.bulk_create(rows)]
    rule = access.allowed_pair(verb, person="guardian", child="child")
    found = GuardianLink.objects.filter(rule, pk__in=ids).values_list("guardian", flat=True)
    answer = set(found)
    GuardianLink.objects.filter(pk__in=ids).delete()
    return answer


def answers(
    cast: Cast, verb: Verb, who: Collection[str] = EVERYBODY, **more: User
) -> Collection[str]:
    """Who of these may, asked every way; fails where the ways disagree."""
    ours = [getattr(cast, name).pk for name in who]
    people = {user.username: user for user in User.objects.filter(pk__in=ours)} | more
    child = Child.objects.get(pk=cast.sam_child.pk)
    told = set(access.people_who_can(verb, child))
    pairs = _pairs(verb, people.values(), child)
    many: dict[str, Ask] = {
        "people": lambda person, _verb, _child: person in told,
        "pair": lambda person, _verb, _child: person.pk in pairs,
    }
    return agreed(WAYS | many, people, verb, child)


def test_the_table_has_every_verb() -> None:
    assert set(TABLE) == set(Verb) == set(ALLOWED)


def test_from_the_start(cast: Cast) -> None:
    for verb in Verb:
        assert answers(cast, verb) == TABLE[verb], verb


def _end_links(cast: Cast) -> None:
    GuardianLink.objects.filter(child=cast.sam_child).update(ended_at=timezone.now())


def _leave(cast: Cast) -> None:
    accounts.leave_care_team(actor=cast.amara, child=cast.sam_child)


def _stop_work(cast: Cast) -> None:
    StaffMembership.objects.filter(user=cast.amara).update(ended_at=timezone.now())


def _switch_off_maria(cast: Cast) -> None:
    User.objects.filter(pk=cast.maria.pk).update(is_active=False)


def _switch_off_sam(cast: Cast) -> None:
    User.objects.filter(pk=cast.sam.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("happens", "gone"),
    [
        (_end_links, {"maria", "dad"}),
        (_leave, {"amara"}),
        (_stop_work, {"amara"}),
        (_switch_off_maria, {"maria"}),
        (_switch_off_sam, set(EVERYBODY)),
    ],
)
def test_what_has_ended_ends_every_verb(
    cast: Cast, happens: Callable[[Cast], None], gone: set[str]
) -> None:
    happens(cast)
    for verb in Verb:
        assert answers(cast, verb, gone | {"sam"}) == (TABLE[verb] & {"sam"}) - gone, verb


@pytest.mark.parametrize(
    ("scope", "verbs"),
    [
        (Scope.BOOK, {Verb.BOOK}),
        (Scope.CONSENT, {Verb.CONSENT, Verb.MANAGE_SIGN_IN}),
        (Scope.JOIN, {Verb.JOIN, Verb.ATTEND}),
        (Scope.MESSAGE, set()),
    ],
)
def test_a_scope_gives_its_own_verbs(cast: Cast, scope: Scope, verbs: set[Verb]) -> None:
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=[scope])
    for verb in Verb:
        assert ("dad" in answers(cast, verb, ["dad"])) is (verb in verbs | {Verb.SEE}), verb


def test_at_18_the_young_person_alone_decides(cast: Cast) -> None:
    Child.objects.filter(pk=cast.sam_child.pk).update(adult_at=timezone.now())
    own = {Verb.BOOK, Verb.CONSENT, Verb.MANAGE_SIGN_IN}
    for verb in Verb:
        expected = TABLE[verb] & {"sam"} | ({"sam"} if verb in own else set())
        assert answers(cast, verb, ["maria", "dad", "sam"]) == expected, verb


def test_a_lead_settles_what_waits_and_sees_nothing_else(cast: Cast) -> None:
    lead = staff("lou", "Lou", Role.SAFEGUARDING_LEAD)
    for verb in Verb:
        assert not answers(cast, verb, [], lou=lead)
    ConsentMatter.objects.create(
        child=cast.sam_child, kind="telehealth", what="dispute", raised_by=cast.maria
    )
    for verb in Verb:
        assert bool(answers(cast, verb, [], lou=lead)) is (verb == Verb.SETTLE), verb


def test_a_childs_question_is_the_leads_only_where_no_care_team_can_answer(cast: Cast) -> None:
    lead = staff("lou", "Lou", Role.SAFEGUARDING_LEAD)
    sign(cast.maria, cast.sam_child)
    accounts.answer_assent(
        actor=cast.sam,
        child=cast.sam_child,
        document=current_document(),
        answer=AssentAnswer.QUESTION,
        question="Who sees me?",
    )
    assert answers(cast, Verb.SETTLE, lou=lead) == {"amara"}
    _stop_work(cast)
    assert answers(cast, Verb.SETTLE, lou=lead) == {"lou"}


def test_break_glass_opens_to_see_and_to_read_until_it_ends(cast: Cast) -> None:
    opening = accounts.break_glass(actor=cast.ben, sign_in_name="sam", reason="A call.")
    for verb in Verb:
        opens = verb in {Verb.SEE, Verb.READ}
        assert ("ben" in answers(cast, verb, ["ben"])) is opens, verb
    accounts.close_opening(actor=staff("lou", "Lou", Role.SAFEGUARDING_LEAD), opening=opening)
    for verb in Verb:
        assert not answers(cast, verb, ["ben"]), verb


@pytest.mark.parametrize("actor", [SystemActor("x"), AnonymousUser(), None])
def test_unknown_actors_verbs_and_ids_are_nothing(cast: Cast, actor: Any) -> None:
    child = cast.sam_child
    for verb in Verb:
        assert not access.can(actor, verb, child)
        assert not access.visible_children(actor, verb).exists()
        with pytest.raises(NotVisible):
            access.get_child_for(actor, child.pk, verb)
    with pytest.raises(NotVisible):
        access.get_child_and_verbs_for(actor, child.pk)
    unknown: Any = "erase"
    assert not access.can(cast.maria, unknown, child)
    assert not access.people_who_can(unknown, child).exists()
    assert not GuardianLink.objects.filter(
        access.allowed_pair(unknown, person="guardian", child="child")
    ).exists()
    for verb, pk in ((unknown, child.pk), (Verb.SEE, uuid.uuid4())):
        with pytest.raises(NotVisible):
            access.get_child_for(cast.maria, pk, verb)
