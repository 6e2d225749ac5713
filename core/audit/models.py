"""Who did what to which record, in a chain of hashes that the database itself builds.

The chain is closed at **commit**, by a deferred constraint trigger: it takes an advisory lock,
gives the row the next `seq`, and hashes it together with the hash before it. Until then `seq`,
`previous_hash` and `hash` are NULL. Doing it at commit and not at INSERT matters: the lock makes
auditing transactions follow each other, and a lock taken in mid-action would be held over all the
row locks that come after it (two actions that audit first and then want each other's row would
deadlock). At commit no other lock is taken any more, so there is no lock order to get wrong, and
it is held only for the commit itself.

`SET CONSTRAINTS ALL IMMEDIATE` in an action brings the hazard back: do not.
"""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

GENESIS = bytes(32)
# Any number works as long as nobody else uses it; this one is "audit" in ASCII.
_LOCK = str(int.from_bytes(b"audit"))

# The text hashed is a JSON array; core.audit.chain builds the same one in Python, byte for byte.
_CHAIN = """
        PERFORM pg_advisory_xact_lock(:lock);
        SELECT seq, hash INTO last FROM audit_auditevent
            WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;
        next_seq := COALESCE(last.seq, 0) + 1;
        link := COALESCE(last.hash, decode(repeat('00', 32), 'hex'));
        UPDATE audit_auditevent SET
            seq = next_seq,
            previous_hash = link,
            hash = sha256(convert_to(jsonb_build_array(
                next_seq,
                (extract(epoch FROM NEW.at) * 1000000)::bigint,
                NEW.actor_id, NEW.actor_name, to_jsonb(NEW.roles), NEW.action,
                NEW.object_type, NEW.object_id, NEW.child_id, NEW.request_id,
                to_jsonb(NEW.fields), encode(link, 'hex')
            )::text, 'UTF8'))
        WHERE id = NEW.id;
        RETURN NULL;
""".replace(":lock", _LOCK)

# The one update there may ever be is the trigger's own: it closes an open row, changing only that.
_SEAL_ONCE = """
    IF OLD.hash IS NOT NULL
        OR (to_jsonb(OLD) - '{seq,previous_hash,hash}'::text[])
            IS DISTINCT FROM (to_jsonb(NEW) - '{seq,previous_hash,hash}'::text[])
    THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NEW;
"""

_BORN_OPEN = """
    NEW.seq := NULL;
    NEW.previous_hash := NULL;
    NEW.hash := NULL;
    RETURN NEW;
"""

# TransactionTestCase empties tables by TRUNCATE; a database of that name exists only in tests.
_NO_TRUNCATE = """
    IF current_database() NOT LIKE 'test%' THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NULL;
"""


class AuditEvent(models.Model):
    """One thing done or seen. Names of fields, never their values."""

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    # No foreign keys: erasing a person must neither change nor need the trail.
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=64, blank=True)
    roles = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    child_id = models.UUIDField(null=True, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    fields = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    previous_hash = models.BinaryField(null=True, max_length=32, editable=False)
    hash = models.BinaryField(null=True, max_length=32, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["child_id", "at"], name="audit_child_at"),
            models.Index(fields=["actor_id", "at"], name="audit_actor_at"),
            models.Index(fields=["object_id"], name="audit_object"),
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_names_an_actor",
                condition=Q(actor_id__isnull=False) | ~Q(actor_name=""),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="born_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_BORN_OPEN,
            ),
            pgtrigger.Trigger(
                name="chain",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("last", "RECORD"), ("link", "bytea"), ("next_seq", "bigint")],
                func=_CHAIN,
            ),
            pgtrigger.Trigger(
                name="seal_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=_SEAL_ONCE,
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func=_NO_TRUNCATE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M:%SZ}"


class AuditAnchor(models.Model):
    """The head of the trail on one day; the same words go to the log and by mail, out of reach."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    day = models.DateField(unique=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    # Where the trail did not fit any more when this head was taken; "" for a sound one.
    broken = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["day"]
        triggers = [
            pgtrigger.Protect(name="anchored", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.seq}:{bytes(self.hash).hex()}"
