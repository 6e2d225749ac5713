"""The chat at rest: sealed, numbered without gaps, harmless to resend, for those inside only."""

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import AssentAnswer, GuardianLink, Scope, StaffMembership, User
from accounts.selectors import current_document
from core.encryption.keys import CannotOpen
from core.errors import NotVisible
from scheduling.models import Appointment, State
from sessions_app.actions import room
from sessions_app.actions.chat import Line, write_many
from sessions_app.errors import ConsentMissing, Ended, NotIn, Paused
from sessions_app.models import ChatMessage, Participant, Place
from sessions_app.selectors import CHAT_PAGE, chat_since
from tests.cast import Cast
from tests.sessions_app.steps import admitted, arrived, seat_of, session_of, written
from tests.threads import beside


def line(person: Participant, text: str = "hello", nonce: uuid.UUID | None = None) -> Line:
    return Line(person.session_id, person.pk, person.user_id, nonce or uuid.uuid4(), text)


def texts(user: User, appointment: Appointment, since: int = 0) -> list[str]:
    reader = seat_of(user, appointment)
    return [row.body for row in chat_since(reader.session_id, since, reader)]


def test_the_row_holds_no_word_of_it(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    message = written(signed.sam, now, "my knee hurts at night")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM sessions_app_chatmessage")
        cells = [bytes(c) if isinstance(c, memoryview) else c for c in cursor.fetchone()]
    raw = b"".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)
    assert b"knee" not in raw
    assert ChatMessage.objects.get(pk=message.pk).body == "my knee hurts at night"


def test_a_line_copied_to_another_row_cannot_be_opened(signed: Cast, now: Appointment) -> None:
    """Whoever can write to the database cannot put words into somebody's mouth."""
    admitted(signed, signed.sam, now)
    first, second = written(signed.sam, now, "yes"), written(signed.sam, now, "no")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_chatmessage SET body = (SELECT body FROM"
            " sessions_app_chatmessage WHERE id = %s) WHERE id = %s",
            [first.pk, second.pk],
        )
    with pytest.raises(CannotOpen):
        ChatMessage.objects.get(pk=second.pk).body  # noqa: B018


def test_a_resend_gets_the_same_number_and_keeps_the_first_words(
    signed: Cast, now: Appointment
) -> None:
    admitted(signed, signed.sam, now)
    nonce = uuid.uuid4()
    first = written(signed.sam, now, "hello", nonce)
    again = written(signed.sam, now, "hello, changed", nonce)
    assert (again.pk, again.seq, again.body) == (first.pk, 1, "hello")
    assert session_of(now).last_seq == 1


def test_a_resend_within_one_commit_is_one_line(signed: Cast, now: Appointment) -> None:
    person = admitted(signed, signed.sam, now)
    nonce = uuid.uuid4()
    results = write_many([line(person, "a", nonce), line(person, "a", nonce), line(person, "b")])
    assert [r.message.seq for r in results if r.message] == [1, 1, 2]
    assert [r.fresh for r in results] == [True, False, True]


def test_the_same_nonce_of_two_people_is_two_lines(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    nonce = uuid.uuid4()
    assert written(signed.sam, now, "mine", nonce).seq == 1
    assert written(signed.amara, now, "mine, too", nonce).seq == 2


def test_one_commit_for_several_rooms_answers_each_line_for_itself(
    signed: Cast, now: Appointment
) -> None:
    person = admitted(signed, signed.sam, now)
    outsider = arrived(signed.maria, now)
    ghost = Line(uuid.uuid4(), uuid.uuid4(), signed.olga.pk, uuid.uuid4(), "let me in")
    results = write_many([ghost, line(outsider), line(person), line(person)])
    assert [type(r.error) for r in results] == [Ended, NotIn, type(None), type(None)]
    assert [r.message.seq for r in results if r.message] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_everybody_writes_at_once(signed: Cast, now: Appointment) -> None:
    """Three people, two windows each, every line sent twice, and rollbacks in between."""
    GuardianLink.objects.filter(guardian=signed.dad).update(scopes=[Scope.JOIN])
    people = [admitted(signed, user, now) for user in (signed.sam, signed.maria, signed.dad)]
    failures: list[BaseException] = []
    sent: list[uuid.UUID] = []

    def write_on(person: Participant) -> None:
        try:
            for n in range(5):
                nonce = uuid.uuid4()
                sent.append(nonce)
                write_many([line(person, f"{n}", nonce)])
                write_many([line(person, f"{n}", nonce), line(person, "x", nonce)])
                with transaction.atomic():
                    write_many([line(person, "rolled back")])
                    transaction.set_rollback(True)
        except BaseException as exc:  # noqa: BLE001
            failures.append(exc)
        finally:
            connection.close()

    threads = [beside(target=write_on, args=(p,)) for p in people for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failures
    rows = list(ChatMessage.objects.order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, 31))
    assert Counter(row.nonce for row in rows) == Counter(sent)
    assert session_of(now).last_seq == 30


def test_only_from_the_room(signed: Cast, now: Appointment) -> None:
    arrived(signed.maria, now)
    person = admitted(signed, signed.sam, now)
    with pytest.raises(NotIn):
        written(signed.maria, now, "from the waiting room")
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=person.pk)
    with pytest.raises(NotIn):
        written(signed.sam, now, "sent back")
    assert not ChatMessage.objects.exists()


def test_strangers_cannot_write_and_learn_nothing(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    for user in (*signed.strangers_to_sam, signed.dad):
        for about in (now, Appointment(pk=uuid.uuid4())):
            with pytest.raises(NotVisible):
                written(user, about, "hello?")
    assert not ChatMessage.objects.exists()


def withdraw(cast: Cast, _now: Appointment) -> None:
    accounts.withdraw_consent(actor=cast.maria, child=cast.sam_child)


def not_now(cast: Cast, _now: Appointment) -> None:
    accounts.answer_assent(
        actor=cast.sam,
        child=cast.sam_child,
        document=current_document(),
        answer=AssentAnswer.NOT_NOW,
    )


def unlink(cast: Cast, _now: Appointment) -> None:
    GuardianLink.objects.filter(guardian=cast.maria).update(ended_at=timezone.now())


def narrow(cast: Cast, _now: Appointment) -> None:
    scopes = [Scope.CONSENT, Scope.BOOK]
    GuardianLink.objects.filter(guardian=cast.maria).update(scopes=scopes)


def switch_off(cast: Cast, _now: Appointment) -> None:
    User.objects.filter(pk=cast.maria.pk).update(is_active=False)


def cancel(_cast: Cast, now: Appointment) -> None:
    Appointment.objects.filter(pk=now.pk).update(state=State.CANCELLED)


def end(cast: Cast, now: Appointment) -> None:
    room.end_for_all(actor=cast.amara, appointment_id=now.pk)


@pytest.mark.parametrize("change", [withdraw, not_now, unlink, narrow, switch_off, cancel, end])
def test_every_line_is_checked_anew(signed: Cast, now: Appointment, change: Any) -> None:
    """Whatever a process believes about the room: the database decides at the commit.

    Some of these changes ring no bell at all; the place in the room is still "admitted".
    """
    person = admitted(signed, signed.maria, now)
    assert write_many([line(person)])[0].error is None
    change(signed, now)
    assert isinstance(write_many([line(person)])[0].error, NotIn | Ended)
    assert ChatMessage.objects.count() == 1


def test_a_therapist_who_no_longer_treats_the_child_cannot_write(
    signed: Cast, now: Appointment
) -> None:
    admitted(signed, signed.sam, now)
    mine = seat_of(signed.amara, now)
    assert write_many([line(mine)])[0].error is None
    StaffMembership.objects.filter(user=signed.amara).update(ended_at=timezone.now())
    assert isinstance(write_many([line(mine)])[0].error, NotIn)


def test_withdrawal_closes_the_form_as_well(signed: Cast, now: Appointment) -> None:
    admitted(signed, signed.sam, now)
    withdraw(signed, now)
    with pytest.raises(ConsentMissing):
        written(signed.sam, now, "still here?")


def test_never_alone_in_the_chat(signed: Cast, now: Appointment) -> None:
    """No therapist connected: the others' words wait, and go on by themselves."""
    person, mine = admitted(signed, signed.sam, now), seat_of(signed.amara, now)
    nonce = uuid.uuid4()
    room.seat_lost(participant_id=mine.pk, connection=mine.connection)
    assert isinstance(write_many([line(person, "anyone?", nonce)])[0].error, Paused)
    with pytest.raises(Paused):
        written(signed.sam, now, "anyone?", nonce)
    arrived(signed.amara, now)
    assert written(signed.sam, now, "anyone?", nonce).seq == 1


def test_a_therapist_not_heard_for_a_while_counts_as_gone(signed: Cast, now: Appointment) -> None:
    """A crashed process leaves its connection behind: only the heartbeat tells."""
    person = admitted(signed, signed.sam, now)
    Participant.objects.filter(user=signed.amara).update(
        seen_at=timezone.now() - timedelta(seconds=41)
    )
    assert isinstance(write_many([line(person)])[0].error, Paused)


def test_a_guardian_reads_only_what_was_written_while_they_were_in(
    signed: Cast, now: Appointment
) -> None:
    admitted(signed, signed.sam, now)
    written(signed.sam, now, "before")
    guardian = admitted(signed, signed.maria, now)
    written(signed.sam, now, "together")
    room.send_back(actor=signed.amara, appointment_id=now.pk, participant=guardian.pk)
    written(signed.sam, now, "child alone")
    assert texts(signed.maria, now) == [], "nothing in the waiting room"
    room.admit(actor=signed.amara, appointment_id=now.pk, participant=guardian.pk)
    written(signed.sam, now, "together again")
    assert texts(signed.maria, now) == ["together", "together again"]
    assert texts(signed.amara, now) == ["before", "together", "child alone", "together again"]
    assert texts(signed.sam, now) == texts(signed.amara, now)
    assert texts(signed.maria, now, since=2) == ["together again"]


@pytest.mark.parametrize("place", [Place.WAITING, Place.LEFT, Place.REMOVED])
def test_who_is_not_in_reads_nothing(signed: Cast, now: Appointment, place: Place) -> None:
    person = admitted(signed, signed.sam, now)
    written(signed.sam, now, "hello")
    Participant.objects.filter(pk=person.pk).update(place=place)
    assert texts(signed.sam, now) == []


def test_everything_since_n_comes_in_order_and_in_pages(signed: Cast, now: Appointment) -> None:
    person = admitted(signed, signed.sam, now)
    write_many([line(person, str(n)) for n in range(CHAT_PAGE + 50)])
    first = chat_since(person.session_id, 0, person)
    rest = chat_since(person.session_id, first[-1].seq, person)
    assert [row.seq for row in first + rest] == list(range(1, CHAT_PAGE + 51))
    assert [row.body for row in rest] == [str(n) for n in range(CHAT_PAGE, CHAT_PAGE + 50)]
