"""The one way into the audit trail."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Model

from core.actors import Actor, SystemActor
from core.audit.models import AuditEvent
from core.audit.registry import role_snapshot
from core.logging import request_id


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
