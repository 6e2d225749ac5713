"""Presses at once and presses without end."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts import actions
from accounts.actions import children
from accounts.errors import EnoughChildren, InvitationNotValid
from accounts.models import GuardianLink, Relation, Role, StaffMembership, User
from core.actors import SystemActor
from tests.cast import PASSPHRASE, Cast, birthday, build_cast
from tests.threads import beside


def add(guardian: User, name: str) -> Any:
    return actions.add_child(
        actor=guardian,
        chosen_name="Kit",
        birth_date=birthday(9),
        place="GB",
        time_zone="Europe/London",
        relation=Relation.FOSTER,
        username=name,
        passphrase=PASSPHRASE,
    )


def at_once(*presses: Callable[[], Any]) -> list[Any]:
    """What each press gave, or the refusal it met."""
    start = threading.Barrier(len(presses), timeout=10)
    results: list[Any] = [None] * len(presses)

    def press(n: int) -> None:
        start.wait()
        try:
            results[n] = presses[n]()
        except Exception as exc:  # noqa: BLE001  # the test looks at it
            results[n] = exc
        finally:
            connection.close()

    threads = [beside(target=press, args=(n,)) for n in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_nobody_adds_children_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = build_cast()
    monkeypatch.setattr(children, "MOST_CHILDREN", 3)
    add(cast.maria, "kit00001")
    results = at_once(
        *[lambda n=n: add(cast.maria, f"kit1000{n}") for n in range(3)]  # type: ignore[misc]
    )
    assert sum(isinstance(one, EnoughChildren) for one in results) == 2
    assert GuardianLink.objects.filter(guardian=cast.maria).count() == 3
    add(cast.olga, "kit00002")


@pytest.mark.django_db(transaction=True)
def test_two_invitations_to_one_address_make_one_colleague(transactional_db: None) -> None:
    build_cast()
    by = SystemActor("test")
    tokens = [
        actions.invite_staff(actor=by, email="Nia@example.org", role=role)[1]
        for role in (Role.THERAPIST, Role.MANAGER)
    ]
    accept = [
        lambda token=token: actions.accept_invitation(  # type: ignore[misc]
            token=token, display_name="Nia", password=PASSPHRASE, time_zone="Europe/London"
        )
        for token in [*tokens, tokens[0]]
    ]
    results = at_once(*accept)
    assert sum(isinstance(one, User) for one in results) == 1
    assert sum(isinstance(one, InvitationNotValid) for one in results) == 2
    assert StaffMembership.objects.filter(user__email="nia@example.org").count() == 1


@pytest.mark.django_db
def test_an_invitation_to_somebody_who_is_here_already_changes_nobody(cast: Cast) -> None:
    User.objects.filter(pk=cast.maria.pk).update(email="Maria@Example.org")
    _row, token = actions.invite_staff(actor=cast.pat, email="maria@example.org", role=Role.MANAGER)
    with pytest.raises(InvitationNotValid):
        actions.accept_invitation(
            token=token, display_name="M", password=PASSPHRASE, time_zone="Europe/London"
        )
    assert not cast.maria.staff_memberships.exists()
