"""Moving and cancelling what is booked."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.broadcast import access_revoked
from accounts.models import User
from core.audit.actions import record
from core.errors import NotVisible
from scheduling import access, availability, reminders
from scheduling.actions.booking import (
    check_consent,
    let_stale_holds_go,
    lock_row,
    minutes_of,
    refuse_overlap,
)
from scheduling.errors import AlreadySettled, AlreadyStarted, ReasonMissing
from scheduling.locks import take_turns
from scheduling.models import Appointment, CancelReason, Outcome, State

# Pain, a change of heart and the clinic's own plans do not keep notice periods.
NEVER_LATE = frozenset({CancelReason.FLARE, CancelReason.NOT_NOW, CancelReason.CLINIC})


def notice_ends(appointment: Appointment) -> datetime:
    """Until then a cancellation is in good time for the clinic."""
    return appointment.starts_at - timedelta(hours=settings.CANCEL_NOTICE_HOURS)


def is_staff_side(actor: User, appointment: Appointment) -> bool:
    return access.can(actor, access.Verb.RUN, appointment)


def reasons_for(actor: User, appointment: Appointment) -> list[CancelReason]:
    """Flare first. "The clinic had to" is only for the therapist's side to say."""
    return [
        reason
        for reason in CancelReason
        if reason != CancelReason.CLINIC or is_staff_side(actor, appointment)
    ]


@transaction.atomic
def reschedule(*, actor: User, appointment: Appointment, starts_at: datetime) -> Appointment:
    """Move a booked appointment of the same therapist and length; the old time is lost only if
    the new one is won. Raises like `hold`, and AlreadySettled or AlreadyStarted.
    """
    if not access.can(actor, access.Verb.CHANGE, appointment):
        raise NotVisible
    take_turns(therapists=[appointment.therapist_id], children=[appointment.child_id])
    now = timezone.now()
    booked = lock_row(appointment)
    _check_open(booked, now)
    if booked.starts_at == starts_at:
        return booked  # pressed twice
    check_consent(booked.child)
    let_stale_holds_go(therapist=booked.therapist, child=booked.child, now=now)
    minutes = minutes_of(booked)
    availability.check(
        child=booked.child,
        therapist=booked.therapist,
        starts_at=starts_at,
        minutes=minutes,
        now=now,
        ignoring=booked,
    )
    booked.starts_at, booked.ends_at = starts_at, starts_at + timedelta(minutes=minutes)
    booked.sequence += 1
    try:
        with transaction.atomic():
            booked.save(update_fields=["starts_at", "ends_at", "sequence"])
    except IntegrityError as exc:
        refuse_overlap(exc)
    record(
        actor=actor,
        action="appointment.move",
        obj=booked,
        child_id=booked.child_id,
        fields=["starts_at"],
    )
    reminders.forget(actor=actor, appointment=booked)
    reminders.tell(actor=actor, appointment=booked, kind=reminders.MOVED)
    _close_room(booked)
    reminders.queue_reminders(actor=actor, appointment=booked)
    return booked


def _check_open(booked: Appointment, now: datetime) -> None:
    if booked.state != State.BOOKED or booked.ends_at <= now or booked.outcome:
        raise AlreadySettled
    if booked.starts_at <= now:
        raise AlreadyStarted


@transaction.atomic
def cancel(*, actor: User, appointment: Appointment, reason: CancelReason) -> Appointment:
    """Cancel with a reason. Late is allowed and only counted for the clinic's planning.

    Pressed twice, it is cancelled once. Raises AlreadySettled, AlreadyStarted, ReasonMissing.
    """
    if not access.can(actor, access.Verb.CANCEL, appointment):
        raise NotVisible
    take_turns(therapists=[appointment.therapist_id], children=[appointment.child_id])
    booked = lock_row(appointment)
    if booked.state == State.CANCELLED:
        return booked
    now = timezone.now()
    _check_open(booked, now)
    if reason not in reasons_for(actor, booked):
        raise ReasonMissing
    booked.state, booked.cancel_reason = State.CANCELLED, reason
    booked.cancelled_at, booked.cancelled_by = now, actor
    booked.late_cancel = reason not in NEVER_LATE and now > notice_ends(booked)
    booked.outcome = Outcome.FLARE if reason == CancelReason.FLARE else Outcome.CANCELLED
    booked.sequence += 1
    booked.save()
    record(
        actor=actor,
        action="appointment.cancel",
        obj=booked,
        child_id=booked.child_id,
        fields=["state", "cancel_reason"],
    )
    reminders.forget(actor=actor, appointment=booked)
    reminders.tell(actor=actor, appointment=booked, kind=reminders.CANCELLED)
    _close_room(booked)
    return booked


def _close_room(booked: Appointment) -> None:
    """Who sits in its room already is told at once."""
    access_revoked(reminders.people_to_tell(booked).values_list("pk", flat=True), booked.child_id)
