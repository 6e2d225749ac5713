"""Birthdays that change who decides: told once, however late or often somebody looks."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from accounts import actions
from accounts.access import Verb, can
from accounts.actions.birthdays import note_birthdays
from accounts.models import (
    AssentAnswer,
    Child,
    ComingOfAge,
    ConsentMatter,
    ConsentSignature,
    Custody,
    GuardianLink,
    Passage,
    Scope,
    User,
)
from accounts.selectors import consent_status, current_document
from accounts.tasks import birthdays
from core.actors import SystemActor
from core.audit.models import AuditEvent
from core.errors import DomainError, NotVisible
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage, Notification
from tests.cast import Cast, right_answers, sign_only
from tests.threads import beside

CLOCK = SystemActor("birthdays")


def born(child: Child, day: date, *, zone: str = "Europe/London", came: datetime) -> Child:
    User.objects.filter(pk=child.user_id).update(time_zone=zone)
    child.user.time_zone = zone
    child.birth_date = day
    child.keep_adult_at()
    child.save()
    Child.objects.filter(pk=child.pk).update(created_at=came)
    child.refresh_from_db()
    return child


def told(who: User) -> int:
    return Notification.objects.filter(recipient_id=who.pk, kind="birthday").count()


def test_each_birthday_is_told_once_at_midnight_where_the_child_is(signed: Cast) -> None:
    """Born 1 March; in Auckland a birthday begins half a day before it does in London."""
    for years, passage in ((12, Passage.FULLER), (16, Passage.OWN), (18, Passage.ADULT)):
        child = born(
            signed.sam_child,
            date(2026 - years, 3, 1),
            zone="Pacific/Auckland",
            came=datetime(2026, 1, 1, tzinfo=UTC),
        )
        midnight = datetime(2026, 2, 28, 11, tzinfo=UTC)
        assert child.becomes(years) == midnight
        before = (told(signed.sam), told(signed.maria))
        with time_machine.travel(midnight - timedelta(seconds=1), tick=False):
            birthdays()
            assert not ComingOfAge.objects.filter(passage=passage, day=date(2026, 3, 1)).exists()
        with time_machine.travel(midnight, tick=False):
            assert birthdays() == 1
            assert birthdays() == 0
        assert ComingOfAge.objects.filter(passage=passage, day=date(2026, 3, 1)).count() == 1
        assert (told(signed.sam), told(signed.maria)) == (before[0] + 1, before[1] + 1)


def test_days_that_were_missed_are_caught_up_and_what_was_before_they_came_is_not(
    signed: Cast,
) -> None:
    child = born(signed.sam_child, date(2008, 3, 1), came=datetime(2023, 6, 1, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False):
        assert birthdays() == 2, "16 and 18 at once, years late; 12 was before they came"
        assert birthdays() == 0
    assert set(ComingOfAge.objects.filter(child=child).values_list("passage", flat=True)) == set(
        Passage.values
    )
    assert told(signed.sam) == told(signed.maria) == told(signed.dad) == 2
    for link in GuardianLink.objects.filter(child=child):
        assert link.ended_at == max(child.adult_at, link.started_at)
    assert AuditEvent.objects.filter(action="birthday.adult").count() == 1
    with time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC), tick=False):
        deliver_due()
    words = " ".join(f"{m.title} {m.body}" for m in InboxMessage.objects.all())
    assert "At 18 your access ends" in words
    assert "You are 18 now" in words
    assert "Sam" not in words


def test_at_eighteen_the_rule_needs_no_task(signed: Cast) -> None:
    child = born(signed.sam_child, date(2008, 11, 25), came=datetime(2020, 1, 1, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC), tick=False):
        assert can(signed.maria, Verb.CONSENT, child)
    with time_machine.travel(datetime(2026, 11, 25, tzinfo=UTC), tick=False):
        assert not ComingOfAge.objects.exists()
        assert not can(signed.maria, Verb.SEE, child)
        assert not consent_status(child).stands
        actions.sign_consent(
            actor=signed.sam,
            child=child,
            document=current_document(),
            typed_name="Sam Example",
            answers=right_answers(current_document()),
            ip="192.0.2.7",
        )
        assert consent_status(child).stands


def test_a_new_age_that_asks_for_a_clinician_opens_a_review(cast: Cast) -> None:
    child = born(cast.sam_child, date(2013, 3, 1), came=datetime(2024, 8, 1, tzinfo=UTC))
    Child.objects.filter(pk=child.pk).update(place="US-CA")
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False):
        assert birthdays() == 2  # 12 is both the fuller form and the age to sign there
    assert ConsentMatter.objects.get().covers == ["maturity"]


# ---- at the same instant


def at_once(*presses: Callable[[], Any]) -> list[BaseException | None]:
    """All of them from one starting gun, each in a thread with a connection of its own."""
    gun = threading.Barrier(len(presses))
    errors: list[BaseException | None] = [None] * len(presses)

    def run(place: int, press: Callable[[], Any]) -> None:
        try:
            gun.wait(timeout=10)
            press()
        except DomainError as exc:
            errors[place] = exc
        finally:
            connection.close()

    threads = [beside(target=run, args=(place, press)) for place, press in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return errors


@pytest.mark.django_db(transaction=True)
def test_presses_at_once_lose_nothing(transactional_db: None, cast: Cast) -> None:
    """Signing twice, two guardians against each other, a birthday looked at by two workers."""
    child, document = cast.sam_child, current_document()
    Child.objects.filter(pk=child.pk).update(custody=Custody.BOTH)
    GuardianLink.objects.filter(guardian=cast.dad).update(scopes=list(Scope.values))
    child.refresh_from_db()

    def signs(who: User) -> Callable[[], Any]:
        return lambda: sign_only(who, child)

    assert at_once(signs(cast.maria), signs(cast.maria), signs(cast.dad)) == [None] * 3
    assert ConsentSignature.objects.filter(withdrawn_at=None).count() == 2
    assert consent_status(child).guardian_signed
    actions.answer_assent(actor=cast.sam, child=child, document=document, answer=AssentAnswer.YES)
    # One takes it back while the other signs a second time: both are heard, and it is a dispute.
    errors = at_once(
        lambda: actions.withdraw_consent(actor=cast.dad, child=child), signs(cast.maria)
    )
    assert errors == [None, None]
    status = consent_status(child)
    assert (status.disputed, status.guardian_signed, status.stands) == (True, False, False)
    matter = ConsentMatter.objects.get()
    both = at_once(
        *[
            lambda: actions.settle_dispute(actor=cast.amara, matter=matter, reason="Spoken.")
            for _n in range(2)
        ]
    )
    assert sorted(map(type, both), key=str) == sorted([NotVisible, type(None)], key=str)
    # Signing and taking back again and again at once: never two rows that stand.
    at_once(
        signs(cast.dad),
        lambda: actions.withdraw_consent(actor=cast.dad, child=child),
        signs(cast.dad),
    )
    assert ConsentSignature.objects.filter(signer=cast.dad, withdrawn_at=None).count() <= 1

    born(child, date(2008, 3, 1), came=datetime(2020, 1, 1, tzinfo=UTC))
    assert at_once(*[lambda: note_birthdays(actor=CLOCK)] * 3) == [None] * 3
    assert ComingOfAge.objects.filter(child=child).count() == 3
    assert told(cast.maria) == 3
    assert isinstance(at_once(signs(cast.maria))[0], NotVisible)
