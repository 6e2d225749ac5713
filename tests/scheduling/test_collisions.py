"""Several people press at the same moment. One wins, the others hear about it kindly."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import GuardianLink, Scope
from core.errors import DomainError
from scheduling import actions, errors
from scheduling.models import Appointment, State, WhoJoins
from tests.cast import Cast, build_cast, sign
from tests.scheduling.steps import a_time, booked, held
from tests.threads import beside


@pytest.fixture
def families(transactional_db: None) -> Cast:
    """Sam's and Timo's families, both ready to book; Dan may book for Sam, too."""
    cast = build_cast()
    sign(cast.maria, cast.sam_child)
    sign(cast.olga, cast.timo_child)
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=[Scope.BOOK])
    return cast


def at_once(*presses: Callable[[], Any]) -> list[Any]:
    """Run all presses together; answers with what each returned or raised."""
    barrier = threading.Barrier(len(presses))
    results: list[Any] = [None] * len(presses)

    def run(n: int, press: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[n] = press()
        except Exception as exc:  # noqa: BLE001
            results[n] = exc
        finally:
            connection.close()

    threads = [beside(target=run, args=(n, press)) for n, press in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def winners(results: list[Any]) -> list[Appointment]:
    return [r for r in results if isinstance(r, Appointment)]


def overlaps() -> int:
    rows = list(Appointment.objects.blocking())
    return sum(
        a.starts_at < b.ends_at and b.starts_at < a.ends_at
        for n, a in enumerate(rows)
        for b in rows[:n]
        if a.therapist_id == b.therapist_id or a.child_id == b.child_id
    )


def test_two_families_press_the_same_time(families: Cast) -> None:
    start = a_time(families)
    results = at_once(
        lambda: held(families, start),
        lambda: held(families, start, actor=families.olga, child=families.timo_child),
    )
    assert len(winners(results)) == 1
    lost = next(r for r in results if not isinstance(r, Appointment))
    assert isinstance(lost, errors.TimeTaken)


def test_two_guardians_of_one_child_press_the_same_time(families: Cast) -> None:
    start = a_time(families)
    results = at_once(
        lambda: held(families, start), lambda: held(families, start, actor=families.dad)
    )
    assert len(winners(results)) == 1
    assert sum(isinstance(r, DomainError) for r in results) == 1
    assert overlaps() == 0


def test_two_guardians_press_overlapping_times_of_two_therapists(families: Cast) -> None:
    """The child can be in one place only, whoever the therapist is."""
    start = a_time(families)
    results = at_once(
        lambda: held(families, start),
        lambda: held(families, start, actor=families.dad, therapist=families.ben_t),
    )
    assert len(winners(results)) == 1
    assert overlaps() == 0


def test_a_double_press_of_confirm_books_once(families: Cast) -> None:
    appointment = held(families)
    press = lambda: actions.confirm(  # noqa: E731
        actor=families.maria, appointment=appointment, who_joins=WhoJoins.CHILD
    )
    results = at_once(press, press, press)
    assert len(winners(results)) == 3
    assert Appointment.objects.booked().count() == 1


def test_many_presses_never_leave_an_overlap(families: Cast) -> None:
    starts = [a_time(families, n=n) for n in range(3)]
    people = [
        (families.maria, families.sam_child),
        (families.dad, families.sam_child),
        (families.olga, families.timo_child),
    ]
    presses = [
        lambda s=start, who=actor, kid=child, t=therapist: held(  # type: ignore[misc]
            families, s, actor=who, child=kid, therapist=t
        )
        for start in starts
        for actor, child in people
        for therapist in (families.amara_t, families.ben_t)
    ]
    results = at_once(*presses)
    assert overlaps() == 0
    assert winners(results)
    assert all(isinstance(r, Appointment | DomainError) for r in results), results


def test_moving_onto_a_time_somebody_books_at_that_moment(families: Cast) -> None:
    mine = booked(families, a_time(families, n=0))
    wanted = a_time(families, n=3, instead_of=mine)
    results = at_once(
        lambda: actions.reschedule(actor=families.maria, appointment=mine, starts_at=wanted),
        lambda: held(families, wanted, actor=families.olga, child=families.timo_child),
    )
    assert len(winners(results)) == 1
    mine.refresh_from_db()
    assert mine.state == State.BOOKED
    assert overlaps() == 0


@pytest.mark.parametrize("whose", ["therapist", "child"])
def test_the_database_itself_refuses_an_overlap(families: Cast, whose: str) -> None:
    kept = held(families)
    values = {
        "child": families.timo_child if whose == "therapist" else families.sam_child,
        "therapist": families.amara_t if whose == "therapist" else families.ben_t,
        "starts_at": kept.starts_at + timedelta(minutes=10),
        "ends_at": kept.ends_at + timedelta(minutes=10),
        "state": State.BOOKED,
        "booked_by": families.olga,
    }
    with pytest.raises(IntegrityError, match=f"appointment_{whose}_once"), transaction.atomic():
        Appointment.objects.create(**values)
    kept.hold_expires_at = timezone.now()
    kept.state = State.EXPIRED
    kept.save()
    Appointment.objects.create(**values)
