"""What the stories of this folder do again and again, by the real actions."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from core.notifications import delivery
from core.notifications.models import Notification
from scheduling import actions, availability
from scheduling.models import Appointment, WhoJoins
from tests.cast import Cast


def offers(
    cast: Cast,
    *,
    therapist: Any = None,
    minutes: int = 50,
    instead_of: Appointment | None = None,
) -> list[availability.Offer]:
    """What the family sees now; of Amara unless told otherwise."""
    desk = availability.open_desk(
        cast.sam_child,
        now=timezone.now(),
        viewer=cast.maria,
        therapist_id=(therapist or cast.amara_t).pk,
        ignoring=instead_of,
    )
    return desk.offers(minutes)


def a_time(
    cast: Cast,
    *,
    after: timedelta = timedelta(days=3),
    n: int = 0,
    instead_of: Appointment | None = None,
) -> datetime:
    """The n-th offered start of Amara's that lies at least `after` from now."""
    late = timezone.now() + after
    found = offers(cast, instead_of=instead_of)
    return [o.starts_at for o in found if o.starts_at >= late][n]


def held(cast: Cast, starts_at: datetime | None = None, **changes: Any) -> Appointment:
    values = {
        "actor": cast.maria,
        "child": cast.sam_child,
        "therapist": cast.amara_t,
        "starts_at": starts_at or a_time(cast),
        "minutes": 50,
    }
    return actions.hold(**(values | changes))


def booked(
    cast: Cast, starts_at: datetime | None = None, who_joins: WhoJoins = WhoJoins.CHILD
) -> Appointment:
    return actions.confirm(actor=cast.maria, appointment=held(cast, starts_at), who_joins=who_joins)


def notifications(kind: str, **about: Any) -> list[Notification]:
    return list(Notification.objects.filter(kind=kind, **about).order_by("due_at", "pk"))


def deliver() -> int:
    """One knock of beat."""
    return delivery.deliver_due()
