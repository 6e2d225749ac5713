"""Who may decide for a child, and the court's paper that says so."""

from datetime import date

from django.db import transaction

from accounts.access import Verb, get_child_for
from accounts.access_family import get_child_to_add_to
from accounts.actions.matters import facts_changed, turn
from accounts.errors import EnoughOrders, FileKindUnknown, FileTooLarge
from accounts.models import Child, CourtOrder, Custody, CustodyDecision, FileKind, User
from core.audit.actions import record, record_once

MOST_BYTES = 5 * 1024 * 1024
MOST_ORDERS = 20
SIGNS: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF-", FileKind.PDF),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
)


def kind_of(start: bytes) -> FileKind | None:
    """By its first eight bytes: a name and what a browser says of it prove nothing."""
    return next((kind for sign, kind in SIGNS if start.startswith(sign)), None)


@transaction.atomic
def set_custody(*, actor: User, child: Child, custody: Custody, reason: str) -> CustodyDecision:
    """Who may decide, set by the care team with a reason. What stood may fall with it."""
    turn(child)
    child = get_child_for(actor, child.pk, Verb.TREAT)
    decision = CustodyDecision.objects.create(
        child=child, custody=custody, reason=reason.strip(), decided_by=actor
    )
    child.custody = custody
    child.save(update_fields=["custody"])
    record(actor=actor, action="custody.set", obj=child, child_id=child.pk, fields=["custody"])
    facts_changed(actor=actor, child=child)
    return decision


@transaction.atomic
def add_order(
    *, actor: User, child: Child, content: bytes, valid_from: date, valid_until: date | None = None
) -> CourtOrder:
    """FileTooLarge, FileKindUnknown, EnoughOrders. The file is sealed with the child's key."""
    turn(child)
    child = get_child_to_add_to(actor, child.pk)
    if len(content) > MOST_BYTES:
        raise FileTooLarge
    kind = kind_of(content[:8])
    if kind is None:
        raise FileKindUnknown
    if CourtOrder.objects.filter(child=child).count() >= MOST_ORDERS:
        raise EnoughOrders
    order = CourtOrder.objects.create(
        child=child,
        content=content,
        kind=kind,
        size=len(content),
        valid_from=valid_from,
        valid_until=valid_until,
        uploaded_by=actor,
    )
    record(actor=actor, action="order.add", obj=order, child_id=child.pk, fields=["content"])
    facts_changed(actor=actor, child=child)
    return order


def upload_refused(*, actor: User, child: Child) -> None:
    """A file that was too large or of another kind, noted once an hour."""
    record_once(actor=actor, action="order.refused", child_id=child.pk)
