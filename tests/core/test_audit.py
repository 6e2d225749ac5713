"""The trail is append-only, chained at commit, and the first broken row is named."""

import threading
import uuid
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core.actors import SystemActor
from core.audit import chain, registry
from core.audit.actions import record, record_reads
from core.audit.models import AuditAnchor, AuditEvent
from core.logging import request_id
from tests.threads import beside

BEAT = SystemActor("beat")


def settle() -> None:
    """What COMMIT does: run the deferred trigger (the test's own transaction never commits)."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def three_events(person: Any) -> list[AuditEvent]:
    child = uuid.uuid4()
    for action in ("child.add", "record.view", "consent.sign"):
        record(actor=person, action=action, obj=person, child_id=child, fields=["time_zone"])
    settle()
    return list(AuditEvent.objects.order_by("seq"))


def tamper(sql: str, *params: object) -> None:
    """As the owner of the table could, with the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute(sql, params)
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")


def test_an_event_says_who_what_and_where_but_never_a_value(
    maria: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_snapshot", [lambda _person: ["guardian"]])
    token = request_id.set("req-12345")
    try:
        event = record(actor=maria, action="profile.change", obj=maria, fields=["time_zone"])
    finally:
        request_id.reset(token)
    found = AuditEvent.objects.get(pk=event.pk)
    assert (found.actor_id, found.actor_name, found.roles) == (maria.pk, "", ["guardian"])
    assert (found.object_type, found.object_id) == ("accounts.user", str(maria.pk))
    assert (found.request_id, found.fields) == ("req-12345", ["time_zone"])


def test_a_part_of_the_system_is_named_and_nobody_is_refused(db: None) -> None:
    assert record(actor=BEAT, action="outbox.sweep", obj=None).actor_name == "beat"
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.create(action="by.nobody")


def test_rows_follow_each_other_from_the_first(maria: Any) -> None:
    first, second, third = three_events(maria)
    assert [e.seq for e in (first, second, third)] == [1, 2, 3]
    assert bytes(first.previous_hash) == bytes(32)
    assert second.previous_hash == first.hash
    assert third.previous_hash == second.hash
    assert chain.verify().broken is None


def test_python_computes_the_hash_the_database_computed_whatever_the_text(db: None) -> None:
    odd = 'q"uo\\te\n\t\x01\x1f\x7f ü 🏮 \u2028 </x> {a,b}'
    AuditEvent.objects.create(
        actor_name=odd[:60], action=odd, roles=[odd[:30], "", "a,b"], fields=["null", "é"]
    )
    settle()
    assert chain.verify().rows == 1
    assert chain.verify().broken is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditevent SET action = 'x'",
        "UPDATE audit_auditevent SET hash = NULL",
        "UPDATE audit_auditevent SET seq = 99 WHERE seq = 3",
        "DELETE FROM audit_auditevent",
    ],
)
def test_a_settled_row_can_be_neither_changed_nor_removed(maria: Any, sql: str) -> None:
    three_events(maria)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert chain.verify().rows == 3


def test_an_open_row_cannot_be_reworded_before_it_settles(maria: Any) -> None:
    event = record(actor=maria, action="consent.sign", obj=maria)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(action="harmless")


def test_a_row_cannot_bring_its_own_place_in_the_chain(db: None) -> None:
    event = AuditEvent.objects.create(actor_name="x", action="y", seq=500, hash=b"mine")
    event.refresh_from_db()
    assert (event.seq, event.hash) == (None, None)


def test_the_trail_outside_tests_cannot_be_truncated(maria: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid"
            " WHERE tgname LIKE 'pgtrigger_no_truncate%'"
        )
        assert "current_database() NOT LIKE 'test%'" in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE audit_auditevent SET action = 'x' WHERE seq = 2", "seq=2 .*content was changed"),
        ("UPDATE audit_auditevent SET roles = '{manager}' WHERE seq = 2", "seq=2 .*content"),
        ("DELETE FROM audit_auditevent WHERE seq = 2", "seq=3 .*row 2 is missing"),
        ("DELETE FROM audit_auditevent WHERE seq = 1", "seq=2 .*row 1 is missing"),
        ("UPDATE audit_auditevent SET hash = sha256('x') WHERE seq = 1", "seq=1 .*content"),
        (
            """INSERT INTO audit_auditevent (at, actor_name, roles, action, object_type, object_id,
            request_id, fields) VALUES (now(), 'x', '{}', 'y', '', '', '', '{}')""",
            "written past the chain",
        ),
    ],
)
def test_verify_names_the_first_row_that_does_not_fit(maria: Any, sql: str, reason: str) -> None:
    three_events(maria)
    tamper(sql)
    with pytest.raises(CommandError, match=reason):
        call_command("audit_verify", stdout=StringIO())


def test_a_trail_cut_off_at_the_end_is_found_by_a_head_kept_elsewhere(maria: Any) -> None:
    three_events(maria)
    out = StringIO()
    call_command("audit_verify", stdout=out)
    anchor = out.getvalue().splitlines()[-1]
    tamper("DELETE FROM audit_auditevent WHERE seq = 3")
    call_command("audit_verify", stdout=StringIO())
    with pytest.raises(CommandError, match="ends before it"):
        call_command("audit_verify", anchor=[anchor], stdout=StringIO())


def test_checking_goes_on_from_an_anchor_and_reads_only_what_came_later(maria: Any) -> None:
    assert chain.head() == (0, bytes(32))
    second = three_events(maria)[1]
    after = (2, bytes(second.hash or b""))
    assert chain.verify(after=after).rows == 3
    tamper("UPDATE audit_auditevent SET action = 'x' WHERE seq = 1")
    assert chain.verify(after=after).broken is None
    tamper("UPDATE audit_auditevent SET action = 'x' WHERE seq = 3")
    broken = chain.verify(after=after).broken
    assert broken is not None
    assert broken.seq == 3


def test_a_trail_rewritten_from_the_middle_differs_from_the_days_that_were_anchored(
    maria: Any,
) -> None:
    three_events(maria)
    seq, head = chain.head()
    AuditAnchor.objects.create(day=date(2026, 11, 24), seq=seq, hash=head)
    call_command("audit_verify", stdout=StringIO())
    tamper("UPDATE audit_auditevent SET action = 'x' WHERE seq = 3")
    rewritten = chain.digest(last_content(), bytes(AuditEvent.objects.get(seq=2).hash or b""))
    tamper("UPDATE audit_auditevent SET hash = %s WHERE seq = 3", rewritten)
    with pytest.raises(CommandError, match=r"seq=3 .*differs from the hash kept elsewhere"):
        call_command("audit_verify", stdout=StringIO())
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditAnchor.objects.update(hash=rewritten)


def last_content() -> list[Any]:
    """Of the last row, as it is hashed."""
    _id, seq, _link, _own, *content = next(iter(list(chain._rows(2))))
    return [seq, *content]


def test_looking_again_within_the_hour_is_one_row_and_another_page_another(
    maria: Any, olga: Any
) -> None:
    sam, timo = uuid.uuid4(), uuid.uuid4()

    def look(person: Any, action: str, *children: uuid.UUID) -> int:
        return record_reads(actor=person, action=action, child_ids=children)

    assert look(maria, "child.view", sam, sam, timo) == 2
    assert look(maria, "child.view", sam) == 0
    assert look(maria, "note.view", sam) == 1
    assert look(olga, "child.view", sam) == 1
    assert look(maria, "child.view") == 0
    settle()
    tamper("UPDATE audit_auditevent SET at = at - interval '61 minutes'")
    assert look(maria, "child.view", sam) == 1
    row = AuditEvent.objects.filter(child_id=timo).get()
    assert (row.actor_id, row.action, row.fields) == (maria.pk, "child.view", [])


def test_a_rolled_back_action_leaves_no_event_and_no_gap(maria: Any) -> None:
    with transaction.atomic():
        record(actor=maria, action="never.happened", obj=maria)
        transaction.set_rollback(True)
    assert len(three_events(maria)) == 3
    assert chain.verify().rows == 3


@pytest.mark.django_db(transaction=True)
def test_actions_in_parallel_make_one_chain_and_never_deadlock() -> None:
    """Two actions that audit first and then want each other's row, the classic deadlock."""
    from django.utils import timezone  # noqa: PLC0415

    from core.models import Heartbeat  # noqa: PLC0415

    for name in ("a", "b"):
        Heartbeat.objects.create(name=name, at=timezone.now())
    failures: list[BaseException] = []
    both_audited = threading.Barrier(2, timeout=10)

    def act(n: int) -> None:
        try:
            for round_no in range(10):
                with transaction.atomic():
                    record(actor=SystemActor(f"worker-{n}"), action="test.act", obj=None)
                    if n < 2 and round_no == 0:
                        both_audited.wait()  # a lock taken at INSERT would stop one right here
                    list(Heartbeat.objects.select_for_update().order_by("name"))
                    record(actor=SystemActor(f"worker-{n}"), action="test.again", obj=None)
        except BaseException as exc:  # noqa: BLE001
            failures.append(exc)
        finally:
            connection.close()

    threads = [beside(target=act, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert chain.verify().broken is None
    assert chain.verify().rows == 80
