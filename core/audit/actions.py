"""The one way into the audit trail."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, Value
from django.db.models.functions import Concat
from django.utils import timezone

from core.actors import Actor, SystemActor
from core.audit.models import AuditEvent
from core.audit.registry import role_snapshot
from core.logging import request_id
from core.prepared import EACH, EACH_WORD, MANY, PERSON, SINCE, WORDS, Prepared


def record(
    *,
    actor: Actor,
    action: str,
    obj: Model | None,
    child_id: UUID | None = None,
    fields: Sequence[str] = (),
) -> AuditEvent:
    """Record that `actor` did `action` ("appointment.book", "record.view") to `obj`.

    `fields` are names of what was changed or shown, never values. Call it inside the action's
    transaction: the row stands or falls with what it tells. Its place in the chain is given at
    commit (see models), so `seq` and `hash` are None on the object returned.
    """
    if isinstance(actor, SystemActor):
        who: dict[str, Any] = {"actor_name": actor.name}
    else:
        who = {"actor_id": actor.pk, "roles": role_snapshot(actor)}
    return AuditEvent.objects.create(
        **who,
        action=action,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        child_id=child_id,
        request_id=request_id.get(),
        fields=list(fields),
    )


# Which of these children this person was shown of late, on this kind of page and this object.
_SEEN: Prepared[UUID | None] = Prepared(
    lambda: (
        AuditEvent.objects.annotate(what=Concat("action", Value(" "), "object_id"))
        .filter(actor_id=PERSON, at__gt=SINCE, child_id__in=EACH, what__in=EACH_WORD)
        .values_list("child_id", flat=True)
    )
)
# A page that is opened ten times in a morning is one thing to tell a family.
ONCE_IN = timedelta(hours=1)


def record_reads(
    *,
    actor: AbstractBaseUser,
    action: str,
    child_ids: Iterable[UUID],
    obj: Model | None = None,
    once_in: timedelta = ONCE_IN,
) -> int:
    """Record that `actor` was shown something of these children; answers how many rows that made.

    One row for each child, action and object in `once_in`, so that looking costs one small query.
    """
    wanted = set(child_ids)
    if not wanted:
        return 0
    object_id = str(obj.pk) if obj is not None else ""
    known = _SEEN.rows(
        {
            PERSON: actor.pk,
            SINCE: timezone.now() - once_in,
            MANY: list(wanted),
            WORDS: [f"{action} {object_id}"],
        }
    )
    fresh = sorted(wanted.difference(known))
    if not fresh:
        return 0
    row: dict[str, Any] = {
        "actor_id": actor.pk,
        "roles": role_snapshot(actor),
        "action": action,
        "object_type": obj._meta.label_lower if obj is not None else "",
        "object_id": object_id,
        "request_id": request_id.get(),
    }
    AuditEvent.objects.bulk_create(AuditEvent(**row, child_id=child_id) for child_id in fresh)
    return len(fresh)


def record_once(
    *,
    actor: AbstractBaseUser,
    action: str,
    obj: Model | None = None,
    child_id: UUID | None = None,
    once_in: timedelta = ONCE_IN,
) -> bool:
    """`record`, unless this person did the same within `once_in`: for refusals one can repeat."""
    known = AuditEvent.objects.filter(
        actor_id=actor.pk, at__gt=timezone.now() - once_in, action=action, child_id=child_id
    )
    if known.exists():
        return False
    record(actor=actor, action=action, obj=obj, child_id=child_id)
    return True
