"""A query written once answers like one written each time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone

from accounts.models import GuardianLink, User
from core.prepared import EACH, EACH_MORE, MANY, MORE, NOW, PERSON, Prepared
from tests.cast import adult, child_of

pytestmark = pytest.mark.django_db

CURRENT = Prepared(
    lambda: (
        GuardianLink.objects.current(NOW)
        .filter(guardian=PERSON)
        .select_related("child__user", "guardian")
    )
)


def test_rows_come_with_what_was_joined_and_for_whom_it_is_asked() -> None:
    maria, omar = adult("maria", "Maria"), adult("omar", "Omar")
    sam, _other = child_of(maria, "Sam"), child_of(omar, "Yusuf")
    (link,) = CURRENT.rows({PERSON: maria.pk, NOW: timezone.now()})
    with_no_more_queries = link.child.user.display_name, link.guardian, link.child
    assert with_no_more_queries == ("Sam", maria, sam)
    assert CURRENT.rows({PERSON: uuid4(), NOW: timezone.now()}) == []


def test_every_use_asks_the_database_about_that_moment() -> None:
    maria = adult("maria", "Maria")
    child_of(maria, "Sam")
    now = timezone.now()
    assert len(CURRENT.rows({PERSON: maria.pk, NOW: now})) == 1
    assert CURRENT.rows({PERSON: maria.pk, NOW: now - timedelta(days=1)}) == []
    GuardianLink.objects.filter(guardian=maria).update(ended_at=now)
    assert CURRENT.rows({PERSON: maria.pk, NOW: timezone.now()}) == []


def test_a_list_of_any_length() -> None:
    people = [adult(f"person{n}", f"Person {n}") for n in range(3)]
    named = Prepared(lambda: User.objects.filter(pk__in=EACH).values_list("username"))
    for some in ([], people[:1], people):
        found = {name for (name,) in named.rows({MANY: [one.pk for one in some]})}
        assert found == {one.username for one in some}


def test_two_lists() -> None:
    people = [adult(f"person{n}", f"Person {n}") for n in range(3)]
    both = Prepared(lambda: User.objects.filter(pk__in=EACH).exclude(pk__in=EACH_MORE))
    ids = [one.pk for one in people]
    assert both.rows({MANY: ids[:2], MORE: ids[1:]}) == people[:1]


def test_a_sub_query_of_another() -> None:
    maria = adult("maria", "Maria")
    child_of(maria, "Sam")
    adult("omar", "Omar")
    guardians = Prepared(
        lambda: GuardianLink.objects.filter(guardian=PERSON).values_list("guardian_id")
    )
    within = guardians.within({PERSON: maria.pk})
    assert list(User.objects.filter(pk__in=within)) == [maria]


def test_a_builder_that_reads_the_clock_is_refused() -> None:
    stuck = Prepared(GuardianLink.objects.current)
    with pytest.raises(ImproperlyConfigured):
        stuck.rows({})


def test_a_blank_without_a_value_never_reaches_the_database() -> None:
    with pytest.raises(KeyError):
        CURRENT.rows({NOW: timezone.now()})


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_text_and_keep_their_own_connection() -> None:
    people = [adult(f"person{n}", f"Person {n}") for n in range(8)]
    one = Prepared(lambda: User.objects.filter(pk=PERSON))

    def ask(person: User) -> list[User]:
        try:
            return [one.rows({PERSON: person.pk})[0] for _ in range(20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for person, found in zip(people, pool.map(ask, people), strict=True):
            assert found == [person] * 20
