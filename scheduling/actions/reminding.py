"""Each person's own choice of when to be reminded."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.audit.actions import record
from scheduling import access, reminders
from scheduling.models import ReminderChoice


@transaction.atomic
def choose_reminders(*, actor: User, offsets: list[int]) -> ReminderChoice:
    """Minutes before the start; [] for none. It counts for what is already booked, too.

    New offsets get their rows now. Rows of an offset no longer wanted stay and find out when they
    are due: their dedup key is used up once, so a change of mind could not bring them back.
    """
    choice, _created = ReminderChoice.objects.update_or_create(
        user=actor, defaults={"offsets": sorted(set(offsets), reverse=True)}
    )
    record(actor=actor, action="reminders.choose", obj=choice, fields=["offsets"])
    now = timezone.now()
    upcoming = access.visible_appointments(actor).upcoming()
    for appointment in upcoming.select_related("child__user", "therapist__user"):
        if reminders.people_to_tell(appointment).filter(pk=actor.pk).exists():
            reminders.queue_for(
                actor=actor,
                appointment=appointment,
                user=actor,
                offsets=choice.offsets,
                now=now,
            )
    return choice
