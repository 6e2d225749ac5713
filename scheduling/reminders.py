"""Whom to tell about an appointment, and when. Rows in the outbox; the words are in notices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import access as people
from accounts.models import User
from core.actors import Actor
from core.notifications import actions as outbox
from scheduling.models import Appointment, ReminderChoice

REMINDER = "appointment.reminder"
BOOKED = "appointment.booked"
MOVED = "appointment.moved"
CANCELLED = "appointment.cancelled"
BEFORE_IT_HAPPENS = (REMINDER, BOOKED, MOVED)

# The last reminder still helps somebody who is late, a little after the start.
STILL_USEFUL = timedelta(minutes=10)


@dataclass(frozen=True)
class Key:
    """What a row of the outbox is about, kept in its dedup key: no column of core knows it."""

    appointment_id: UUID
    recipient_id: UUID
    offset: int
    sequence: int

    def text(self, kind: str) -> str:
        return f"{kind}:{self.appointment_id}:{self.recipient_id}:{self.offset}:{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        _kind, appointment, recipient, offset, sequence = text.split(":")
        return cls(UUID(appointment), UUID(recipient), int(offset), int(sequence))


def people_to_tell(appointment: Appointment) -> QuerySet[User]:
    """The child, guardians who may book or join, and the therapist of this appointment.

    Other therapists on the care team see it in the record; they are not woken for it.
    """
    child = appointment.child
    book = people.people_who_can(people.Verb.BOOK, child).values("pk")
    join = people.people_who_can(people.Verb.JOIN, child).values("pk")
    team = people.people_who_can(people.Verb.TREAT, child).exclude(pk=appointment.therapist.user_id)
    return User.objects.filter(Q(pk__in=book) | Q(pk__in=join)).exclude(pk__in=team.values("pk"))


def default_offsets() -> list[int]:
    return sorted(settings.REMINDER_OFFSETS_MINUTES, reverse=True)


def offsets_of(users: list[User]) -> dict[UUID, list[int]]:
    """Minutes before the start, longest first, for each person; [] for "please do not"."""
    chosen = dict(ReminderChoice.objects.filter(user__in=users).values_list("user_id", "offsets"))
    return {
        user.pk: sorted(set(chosen.get(user.pk, default_offsets())), reverse=True) for user in users
    }


def useful_until(starts_at: datetime, offset: int, offsets: list[int]) -> datetime:
    """A late reminder is worth sending until the next one says it better."""
    later = [other for other in offsets if other < offset]
    if later:
        return starts_at - timedelta(minutes=max(later))
    return starts_at + STILL_USEFUL


def queue_reminders(*, actor: Actor, appointment: Appointment) -> None:
    """One row per person and offset that still lies ahead."""
    users = list(people_to_tell(appointment))
    now = timezone.now()
    for user_id, offsets in offsets_of(users).items():
        user = next(person for person in users if person.pk == user_id)
        queue_for(actor=actor, appointment=appointment, user=user, offsets=offsets, now=now)


def queue_for(
    *, actor: Actor, appointment: Appointment, user: User, offsets: list[int], now: datetime
) -> None:
    for offset in offsets:
        due_at = appointment.starts_at - timedelta(minutes=offset)
        if due_at <= now:
            continue  # booked later than that: the confirmation has just said it
        outbox.queue(
            actor=actor,
            kind=REMINDER,
            recipient=user,
            subject=appointment,
            dedup_key=Key(appointment.pk, user.pk, offset, appointment.sequence).text(REMINDER),
            due_at=due_at,
            useful_until=useful_until(appointment.starts_at, offset, offsets),
        )


def tell(*, actor: Actor, appointment: Appointment, kind: str) -> None:
    """A message to everybody concerned, now; nobody needs it once the time has passed."""
    for user in people_to_tell(appointment):
        outbox.queue(
            actor=actor,
            kind=kind,
            recipient=user,
            subject=appointment,
            dedup_key=Key(appointment.pk, user.pk, 0, appointment.sequence).text(kind),
            useful_until=max(appointment.ends_at, timezone.now() + STILL_USEFUL),
        )


def forget(*, actor: Actor, appointment: Appointment) -> None:
    """Nothing that was planned for the old time goes out any more."""
    outbox.cancel_for(actor=actor, subject=appointment, kinds=BEFORE_IT_HAPPENS)
