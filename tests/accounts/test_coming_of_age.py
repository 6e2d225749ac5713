"""At 18, at midnight where the child is, guardians are strangers and the young person decides."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.access import Verb, can, people_who_can, visible_children
from accounts.models import Child, Theme
from tests.cast import Cast, client_for


def at_eighteen(child: Child, *, since: timedelta) -> None:
    child.adult_at = timezone.now() - since
    child.save(update_fields=["adult_at"])


@pytest.mark.parametrize(
    ("born", "zone", "instant"),
    [
        (date(2008, 11, 25), "Europe/London", datetime(2026, 11, 25, tzinfo=UTC)),
        (date(2008, 6, 1), "Europe/Berlin", datetime(2026, 5, 31, 22, tzinfo=UTC)),
        (date(2008, 2, 29), "America/New_York", datetime(2026, 3, 1, 5, tzinfo=UTC)),
        # Midnight does not happen in Beirut on that day: the day begins an hour later.
        (date(2008, 3, 29), "Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ],
)
def test_eighteen_begins_at_midnight_where_the_child_is(
    cast: Cast, born: date, zone: str, instant: datetime
) -> None:
    child = cast.sam_child
    child.birth_date, child.user.time_zone = born, zone
    child.keep_adult_at()
    assert child.adult_at == instant
    assert child.age_on(child.birthday(18)) == 18
    assert child.age_on(child.birthday(18) - timedelta(days=1)) == 17


def test_a_child_who_moves_turns_eighteen_by_the_clock_there(cast: Cast) -> None:
    before = cast.sam_child.adult_at
    actions.save_profile(
        actor=cast.sam,
        display_name="Sam",
        time_zone="Asia/Tokyo",
        theme=Theme.AUTO,
        quiet_from=None,
        quiet_until=None,
    )
    moved = Child.objects.get(pk=cast.sam_child.pk).adult_at
    assert before - moved == timedelta(hours=9)


def test_guardians_are_strangers_from_that_instant_on(signed: Cast) -> None:
    child, maria, sam = signed.sam_child, signed.maria, signed.sam
    at_eighteen(child, since=timedelta(seconds=-60))
    assert can(maria, Verb.CONSENT, child)
    assert not can(sam, Verb.CONSENT, child)
    at_eighteen(child, since=timedelta(0))
    for verb in Verb:
        assert not can(maria, verb, child), verb
        assert not visible_children(signed.dad, verb).exists(), verb
        assert maria not in people_who_can(verb, child), verb
        assert can(sam, verb, child) == (verb not in {Verb.READ, Verb.TREAT, Verb.SETTLE}), verb
    path = reverse("child_detail", args=[child.pk])
    assert client_for(maria).get(path).status_code == 404
    assert client_for(sam).get(path).status_code == 200
    assert client_for(signed.amara).get(path).status_code == 200
