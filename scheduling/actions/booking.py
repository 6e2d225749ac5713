"""From a time on a list to a booked appointment: hold, confirm, release.

Every path takes its turn for the therapist and the child, lets stale holds go, asks the function
that made the list, and only then writes. The exclusion constraints stand behind all of it.
"""

from datetime import datetime, timedelta
from typing import NoReturn

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import access as people
from accounts import actions as accounts
from accounts.models import Child, Therapist, User
from accounts.selectors import consent_status
from core.actors import Actor, SystemActor
from core.audit.actions import record
from core.errors import NotVisible
from scheduling import access, availability, reminders
from scheduling.errors import (
    AlreadySettled,
    ConsentMissing,
    EnoughBooked,
    InThePast,
    TimeTaken,
)
from scheduling.locks import take_turns
from scheduling.models import Appointment, State, WhoJoins

OVERLAP = ("appointment_therapist_once", "appointment_child_once")
HOLDS = SystemActor("holds")


def check_consent(child: Child) -> None:
    """Read fresh inside the transaction: it may have been withdrawn a second ago."""
    if not consent_status(child).stands:
        raise ConsentMissing


def check_room_for_more(actor: User, child: Child) -> None:
    """A family may not fill a therapist's calendar; the care team may plan as it needs to."""
    booked = Appointment.objects.upcoming().filter(child=child).count()
    if booked >= settings.MOST_BOOKED_AHEAD and not people.can(actor, people.Verb.TREAT, child):
        raise EnoughBooked


def refuse_overlap(exc: IntegrityError) -> NoReturn:
    """An overlap becomes a sentence; any other broken constraint stays the bug it is."""
    if any(name in str(exc) for name in OVERLAP):
        raise TimeTaken from exc
    raise exc


def let_stale_holds_go(*, therapist: Therapist, child: Child, now: datetime) -> int:
    """Holds past their end block nobody; called with both locks taken."""
    return (
        Appointment.objects.filter(Q(therapist=therapist) | Q(child=child))
        .filter(state=State.HELD, hold_expires_at__lte=now)
        .update(state=State.EXPIRED)
    )


@transaction.atomic
def hold(
    *, actor: User, child: Child, therapist: Therapist, starts_at: datetime, minutes: int
) -> Appointment:
    """Keep a time for `settings.HOLD_MINUTES` while the family confirms.

    The same time pressed twice is the same hold; another time lets the first one go. Raises
    NotVisible, ConsentMissing, EnoughBooked, InThePast, NotOffered, NoLicence or TimeTaken.
    """
    if not people.can(actor, people.Verb.BOOK, child):
        raise NotVisible
    take_turns(therapists=[therapist.pk], children=[child.pk])
    check_consent(child)
    check_room_for_more(actor, child)
    now = timezone.now()
    let_stale_holds_go(therapist=therapist, child=child, now=now)
    mine = Appointment.objects.filter(child=child, booked_by=actor, state=State.HELD)
    same = mine.filter(
        therapist=therapist, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes)
    ).first()
    if same is not None:
        return same
    mine.update(state=State.EXPIRED)
    availability.check(
        child=child, therapist=therapist, starts_at=starts_at, minutes=minutes, now=now
    )
    try:
        with transaction.atomic():
            held = Appointment.objects.create(
                child=child,
                therapist=therapist,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=minutes),
                state=State.HELD,
                hold_expires_at=now + timedelta(minutes=settings.HOLD_MINUTES),
                booked_by=actor,
                created_at=now,
            )
    except IntegrityError as exc:
        refuse_overlap(exc)
    record(actor=actor, action="appointment.hold", obj=held, child_id=child.pk)
    return held


@transaction.atomic
def confirm(*, actor: User, appointment: Appointment, who_joins: WhoJoins) -> Appointment:
    """Book what was held. Pressed twice, it is booked once.

    A hold that ran out is still booked if the time is free: being slow is no fault.
    """
    if not access.can(actor, access.Verb.CONFIRM, appointment):
        raise NotVisible
    take_turns(therapists=[appointment.therapist_id], children=[appointment.child_id])
    now = timezone.now()
    held = lock_row(appointment)
    if held.state == State.BOOKED:
        return held
    if held.state == State.CANCELLED:
        raise AlreadySettled
    check_consent(held.child)
    check_room_for_more(actor, held.child)
    let_stale_holds_go(therapist=held.therapist, child=held.child, now=now)
    _check_held(held, now)
    held.state, held.hold_expires_at, held.who_joins = State.BOOKED, None, who_joins
    try:
        with transaction.atomic():
            held.save(update_fields=["state", "hold_expires_at", "who_joins"])
    except IntegrityError as exc:
        refuse_overlap(exc)
    # The therapist may see the child from here on: the family has just chosen them.
    accounts.join_care_team(actor=actor, child=held.child, therapist=held.therapist)
    record(
        actor=actor,
        action="appointment.book",
        obj=held,
        child_id=held.child_id,
        fields=["starts_at", "who_joins"],
    )
    reminders.tell(actor=actor, appointment=held, kind=reminders.BOOKED)
    reminders.queue_reminders(actor=actor, appointment=held)
    return held


def lock_row(appointment: Appointment) -> Appointment:
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("child__user", "therapist__user")
        .get(pk=appointment.pk)
    )


def _check_held(held: Appointment, now: datetime) -> None:
    """The clock of a living hold stands at the moment it was made.

    Otherwise a time held at the very edge of the minimum notice would be refused a minute later.
    """
    if held.starts_at <= now:
        raise InThePast
    alive = held.hold_expires_at is not None and held.hold_expires_at > now
    availability.check(
        child=held.child,
        therapist=held.therapist,
        starts_at=held.starts_at,
        minutes=minutes_of(held),
        now=held.created_at if alive and held.state == State.HELD else now,
        ignoring=held,
        was_offered=True,
    )


def minutes_of(appointment: Appointment) -> int:
    return round((appointment.ends_at - appointment.starts_at).total_seconds() / 60)


@transaction.atomic
def release(*, actor: User, appointment: Appointment) -> Appointment:
    """Let a hold go before its time. Anything but a hold stays as it is."""
    if not access.can(actor, access.Verb.CONFIRM, appointment):
        raise NotVisible
    held = lock_row(appointment)
    if held.state == State.HELD:
        held.state = State.EXPIRED
        held.save(update_fields=["state"])
        record(actor=actor, action="appointment.release", obj=held, child_id=held.child_id)
    return held


@transaction.atomic
def expire_holds(*, actor: Actor = HOLDS) -> int:
    """Sweep what nobody came back to; answers how many. Bookings do not wait for this."""
    stale = Appointment.objects.select_for_update(skip_locked=True).filter(
        state=State.HELD, hold_expires_at__lte=timezone.now()
    )
    expired = Appointment.objects.filter(pk__in=list(stale.values_list("pk", flat=True))).update(
        state=State.EXPIRED
    )
    if expired:
        record(actor=actor, action="appointment.expire_holds", obj=None)
    return expired
