"""A guardian holds a time and books it; everything that must refuse, refuses with a sentence."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import actions as accounts
from accounts.access import Verb as ChildVerb
from accounts.access import can as can_with_child
from accounts.models import AssentAnswer, Licence, StaffMembership
from accounts.selectors import current_document
from core.audit.models import AuditEvent
from core.errors import NotVisible
from scheduling import actions, errors
from scheduling.models import Appointment, BookingRules, ChildHours, State, TimeOff, WhoJoins
from tests.cast import Cast, sign
from tests.scheduling.steps import a_time, booked, held, offers


def test_a_held_time_is_kept_for_five_minutes(signed: Cast) -> None:
    appointment = held(signed)

    assert appointment.state == State.HELD
    assert appointment.hold_expires_at is not None
    kept = appointment.hold_expires_at - timezone.now()
    assert timedelta(minutes=4, seconds=50) < kept <= timedelta(minutes=5)
    assert appointment.booked_by == signed.maria


def test_a_confirmed_time_is_booked_and_written_down(signed: Cast) -> None:
    appointment = booked(signed, who_joins=WhoJoins.TOGETHER)

    appointment.refresh_from_db()
    assert (appointment.state, appointment.who_joins) == (State.BOOKED, WhoJoins.TOGETHER)
    assert appointment.hold_expires_at is None
    events = AuditEvent.objects.filter(object_id=str(appointment.pk)).values_list(
        "action", "child_id"
    )
    assert ("appointment.book", signed.sam_child.pk) in events


def test_pressing_confirm_twice_books_once(signed: Cast) -> None:
    appointment = held(signed)

    first = actions.confirm(
        actor=signed.maria, appointment=appointment, who_joins=WhoJoins.TOGETHER
    )
    second = actions.confirm(actor=signed.maria, appointment=appointment, who_joins=WhoJoins.CHILD)

    assert first.pk == second.pk
    assert second.who_joins == WhoJoins.TOGETHER
    assert Appointment.objects.booked().count() == 1
    assert AuditEvent.objects.filter(action="appointment.book").count() == 1


def test_pressing_the_same_time_twice_is_one_hold(signed: Cast) -> None:
    start = a_time(signed)

    assert held(signed, start).pk == held(signed, start).pk
    assert Appointment.objects.count() == 1


def test_choosing_another_time_lets_the_first_go(signed: Cast) -> None:
    first = held(signed, a_time(signed, n=0))
    second = held(signed, a_time(signed, n=1))

    first.refresh_from_db()
    assert (first.state, second.state) == (State.EXPIRED, State.HELD)


def test_the_first_booking_brings_the_therapist_onto_the_care_team(signed: Cast) -> None:
    assert not can_with_child(signed.ben, ChildVerb.TREAT, signed.sam_child)
    start = offers(signed, therapist=signed.ben_t)[20].starts_at
    appointment = held(signed, start, therapist=signed.ben_t)
    assert not can_with_child(signed.ben, ChildVerb.TREAT, signed.sam_child), "not by a hold"

    actions.confirm(actor=signed.maria, appointment=appointment, who_joins=WhoJoins.CHILD)

    assert can_with_child(signed.ben, ChildVerb.TREAT, signed.sam_child)


def test_without_consent_nothing_is_held(cast: Cast) -> None:
    with pytest.raises(errors.ConsentMissing):
        held(cast)
    assert not Appointment.objects.exists()


def test_consent_withdrawn_while_confirming_stops_the_booking(signed: Cast) -> None:
    appointment = held(signed)
    accounts.withdraw_consent(actor=signed.maria, child=signed.sam_child)

    with pytest.raises(errors.ConsentMissing):
        actions.confirm(actor=signed.maria, appointment=appointment, who_joins=WhoJoins.CHILD)
    appointment.refresh_from_db()
    assert appointment.state == State.HELD


def test_a_childs_not_now_stops_the_booking(signed: Cast) -> None:
    accounts.answer_assent(
        actor=signed.sam,
        child=signed.sam_child,
        document=current_document(),
        answer=AssentAnswer.NOT_NOW,
    )
    with pytest.raises(errors.ConsentMissing):
        held(signed)


@pytest.mark.parametrize("name", ["olga", "timo", "ben", "mo", "pat", "dad", "sam"])
def test_who_may_not_book_for_sam_sees_no_child(signed: Cast, name: str) -> None:
    start = a_time(signed)
    with pytest.raises(NotVisible):
        held(signed, start, actor=getattr(signed, name))


def test_a_stranger_cannot_confirm_or_release_somebodys_hold(signed: Cast) -> None:
    appointment = held(signed)
    for user in (*signed.strangers_to_sam, signed.dad, signed.sam, signed.amara):
        with pytest.raises(NotVisible):
            actions.confirm(actor=user, appointment=appointment, who_joins=WhoJoins.CHILD)
        with pytest.raises(NotVisible):
            actions.release(actor=user, appointment=appointment)
    appointment.refresh_from_db()
    assert appointment.state == State.HELD


def test_the_past_is_refused_with_its_own_sentence(signed: Cast) -> None:
    with pytest.raises(errors.InThePast):
        held(signed, timezone.now() - timedelta(minutes=1))


def test_sooner_than_the_notice_is_refused(signed: Cast) -> None:
    start = offers(signed)[0].starts_at
    BookingRules.objects.filter(therapist=signed.amara_t).update(min_notice_minutes=7 * 24 * 60)
    with pytest.raises(errors.NotOffered):
        held(signed, start)


def test_a_made_up_minute_is_refused(signed: Cast) -> None:
    with pytest.raises(errors.NotOffered):
        held(signed, a_time(signed) + timedelta(minutes=7))
    with pytest.raises(errors.NotOffered):
        held(signed, minutes=35)


@time_machine.travel(datetime(2027, 3, 25, 12, tzinfo=UTC), tick=False)
def test_an_hour_that_does_not_exist_is_never_offered(signed: Cast) -> None:
    """On 28 March 2027 London's clock jumps from 01:00 to 02:00."""
    actions.set_override(
        actor=signed.amara,
        therapist=signed.amara_t,
        day=datetime(2027, 3, 28, tzinfo=UTC).date(),
        windows=[(30, 4 * 60)],
    )
    shown = [o.starts_at for o in offers(signed) if o.starts_at.date().day == 28]
    assert shown
    walls = [start.astimezone(signed.maria.zone) for start in shown]
    assert all(wall.hour != 1 for wall in walls)
    assert held(signed, shown[0]).starts_at == shown[0]


def test_hours_closed_while_the_family_looked_are_refused(signed: Cast) -> None:
    start = a_time(signed)
    day = start.astimezone(signed.amara.zone).date()
    TimeOff.objects.create(therapist=signed.amara_t, starts_on=day, ends_on=day)
    with pytest.raises(errors.NotOffered):
        held(signed, start)


def test_school_and_rest_are_never_offered(signed: Cast) -> None:
    actions.add_child_hours(
        actor=signed.maria,
        child=signed.sam_child,
        kind=ChildHours.Kind.SCHOOL,
        weekdays=[0, 1, 2, 3, 4, 5, 6],
        start_minute=8 * 60,
        end_minute=15 * 60,
    )
    walls = [o.starts_at.astimezone(signed.sam.zone) for o in offers(signed)]
    assert walls
    assert all(wall.hour >= 15 for wall in walls)


def test_after_a_session_the_child_rests(signed: Cast) -> None:
    """Ben has time right after Amara's session, Sam has not."""
    actions.set_rest(actor=signed.maria, child=signed.sam_child, rest_after_minutes=120)
    session = booked(signed)
    for other in offers(signed, therapist=signed.ben_t):
        far_before = other.ends_at + timedelta(minutes=120) <= session.starts_at
        far_after = other.starts_at >= session.ends_at + timedelta(minutes=120)
        assert far_before or far_after


def test_a_licence_that_ends_closes_the_days_after_it(signed: Cast) -> None:
    last_day = timezone.now().date() + timedelta(days=10)
    Licence.objects.filter(therapist=signed.amara_t).update(valid_until=last_day)
    days = {o.starts_at.astimezone(signed.sam.zone).date() for o in offers(signed)}
    assert max(days) <= last_day
    Licence.objects.filter(therapist=signed.amara_t).update(valid_until=None)
    later = a_time(signed, after=timedelta(days=14))
    Licence.objects.filter(therapist=signed.amara_t).update(valid_until=last_day)
    with pytest.raises(errors.NoLicence):
        held(signed, later)


def test_a_therapist_licensed_elsewhere_is_not_there_at_all(signed: Cast) -> None:
    start = a_time(signed)
    Licence.objects.filter(therapist=signed.amara_t).update(place="DE")
    assert offers(signed) == []
    with pytest.raises(errors.NoLicence):
        held(signed, start)


def test_a_therapist_who_left_is_not_offered(signed: Cast) -> None:
    start = a_time(signed)
    StaffMembership.objects.filter(user=signed.amara).update(ended_at=timezone.now())
    assert offers(signed) == []
    with pytest.raises(errors.NoLicence):
        held(signed, start)


def test_the_daily_maximum_closes_a_day(signed: Cast) -> None:
    BookingRules.objects.filter(therapist=signed.amara_t).update(daily_max=1)
    session = booked(signed)
    day = session.starts_at.astimezone(signed.amara.zone).date()
    assert day not in {o.starts_at.astimezone(signed.amara.zone).date() for o in offers(signed)}


def test_two_families_cannot_share_a_therapists_time(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    session = booked(signed)
    with pytest.raises(errors.TimeTaken):
        held(signed, session.starts_at, actor=signed.olga, child=signed.timo_child)


def test_a_time_held_by_another_family_is_taken_until_it_is_let_go(signed: Cast) -> None:
    sign(signed.olga, signed.timo_child)
    kept = held(signed)
    with pytest.raises(errors.TimeTaken):
        held(signed, kept.starts_at, actor=signed.olga, child=signed.timo_child)

    actions.release(actor=signed.maria, appointment=kept)

    got = held(signed, kept.starts_at, actor=signed.olga, child=signed.timo_child)
    assert got.state == State.HELD


def test_any_of_our_team_means_who_knows_the_child_first_then_who_has_least(signed: Cast) -> None:
    from scheduling import availability  # noqa: PLC0415

    desk = availability.open_desk(signed.sam_child, now=timezone.now())
    assert {seat.therapist for seat in desk.seats} == {signed.amara_t, signed.ben_t}
    assert {o.therapist for o in desk.offers(50)} == {signed.amara_t}
    starts = [o.starts_at for o in desk.offers(50)]
    assert len(starts) == len(set(starts)), "each time once"

    accounts.leave_care_team(actor=signed.amara, child=signed.sam_child)
    sign(signed.olga, signed.timo_child)
    busy = held(signed, a_time(signed), actor=signed.olga, child=signed.timo_child)
    desk = availability.open_desk(signed.sam_child, now=timezone.now())
    that_week = [
        o
        for o in desk.offers(50)
        if o.starts_at.isocalendar()[:2] == busy.starts_at.isocalendar()[:2]
    ]
    both_free = [
        o for o in that_week if any(o.starts_at == other.starts_at for other in offers(signed))
    ]
    assert both_free
    assert {o.therapist for o in both_free} == {signed.ben_t}
