"""The second wall: a query that forgets the app's own rule, or whose it is, finds nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.utils import ProgrammingError

from accounts.models import (
    BreakGlass,
    ConsentSignature,
    CourtOrder,
    GuardianLink,
    Relation,
    RiskFlag,
)
from core.rls import acting_as, steady, system
from sessions_app import pool
from sessions_app.actions import notes
from sessions_app.models import ChatMessage, NoteAddendum, SessionNote
from tests.cast import Cast, client_for
from tests.sessions_app.steps import admitted, appointment_now, written
from tests.sessions_app.test_notes import signed_note

WALLED: tuple[type[models.Model], ...] = (
    GuardianLink,
    ConsentSignature,
    ChatMessage,
    SessionNote,
    NoteAddendum,
)
# What each of these shows to whom: tests/accounts/test_safety.py.
OF_SAFETY = (CourtOrder, BreakGlass, RiskFlag)
FAMILY = {GuardianLink, ConsentSignature, ChatMessage}


@pytest.fixture
def full(signed: Cast) -> Cast:
    """Sam's record with a row in each table, and nothing of anybody else's but Olga's link."""
    now = appointment_now(signed)
    admitted(signed, signed.sam, now)
    written(signed.sam, now, "it hurts")
    signed_note(signed, now)
    notes.add_addendum(actor=signed.amara, appointment_id=now.pk, reason="late", body="more")
    return signed


def seen(who: Any, model: type[models.Model]) -> int:
    with acting_as(who):
        return model._default_manager.filter(**of_sam(model)).count()


def of_sam(model: type[models.Model]) -> dict[str, str]:
    path = {
        ChatMessage: "session__appointment__child",
        SessionNote: "appointment__child",
        NoteAddendum: "note__appointment__child",
    }.get(model, "child")
    return {f"{path}__user__username": "sam"}


@pytest.mark.parametrize("model", WALLED)
def test_only_who_is_tied_to_the_child_finds_a_row_without_any_rule_of_the_app(
    full: Cast, model: type[models.Model]
) -> None:
    assert seen(system("test"), model)
    assert seen(full.amara.pk, model)
    for who in (full.sam, full.maria, full.dad):
        assert bool(seen(who.pk, model)) == (model in FAMILY)
    for stranger in full.strangers_to_sam:
        assert not seen(stranger.pk, model)
    for nobody in (None, "", "system", "sys", "00000000-0000-4000-8000-000000000000", "' OR true"):
        assert not seen(nobody, model)


@pytest.mark.parametrize("model", WALLED)
def test_what_ended_ties_nobody(full: Cast, model: type[models.Model]) -> None:
    full.sam_child.care_team.update(ended_at="2026-01-01T00:00Z")
    GuardianLink.objects.filter(guardian=full.maria).update(ended_at="2026-01-01T00:00Z")
    # What one wrote oneself stays one's own; of the others' rows nothing is left.
    with acting_as(full.maria.pk):
        rows = model._default_manager.filter(**of_sam(model))
        assert not rows.exclude(**own(model, full.maria)).exists()
    with acting_as(full.amara.pk):
        rows = model._default_manager.filter(**of_sam(model))
        assert not rows.exclude(**own(model, full.amara)).exists()


def own(model: type[models.Model], person: Any) -> dict[str, Any]:
    column = {GuardianLink: "guardian", ConsentSignature: "signer", ChatMessage: "sender"}
    return {column.get(model, "author"): person}


def test_nobody_writes_themselves_into_another_familys_rows(full: Cast) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), acting_as(full.ben.pk):
        GuardianLink.objects.create(
            child=full.sam_child, guardian=full.olga, relation=Relation.PARENT
        )
    with acting_as(full.olga.pk):
        assert not GuardianLink.objects.filter(guardian=full.maria).update(scopes=[])
    assert GuardianLink.objects.get(guardian=full.maria).scopes


def test_each_is_forced_also_on_the_owner_who_is_no_superuser(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        assert {row[0] for row in cursor} == {
            model._meta.db_table for model in (*WALLED, *OF_SAFETY)
        }


@pytest.mark.django_db(transaction=True)
def test_whose_it_is_ends_with_the_transaction_the_request_and_the_work(cast: Cast) -> None:
    def whose() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.person', true)")
            return str(cursor.fetchone()[0] or "")

    assert whose() == "system:tests"
    with acting_as(cast.sam.pk):
        with acting_as(cast.maria.pk):
            assert whose() == str(cast.maria.pk)
        with pytest.raises(ValueError, match="no"), acting_as(system("x")):
            raise ValueError("no")
        assert whose() == str(cast.sam.pk)
    client_for(cast.maria).get("/")
    assert whose() == "system:tests"
    with steady("worker"):
        assert whose() == "system:worker"
        connection.close()
        assert whose() == "system:worker", "also on a connection made anew"
    assert whose() == "system:tests"
    in_the_pool(cast, whose)


def in_the_pool(cast: Cast, whose: Callable[[], str]) -> None:
    async def ask() -> list[str]:
        return [await pool.run_as(cast.sam.pk, whose), await pool.run(whose)]

    assert asyncio.run(ask()) == [str(cast.sam.pk), "system:sockets"]
    pool.close_connections()


def test_a_page_that_forgot_the_rule_would_show_a_stranger_nothing(
    full: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the first wall taken away: everybody may see everybody."""
    found: dict[str, int] = {}

    def no_rule(*_args: Any, **_kwargs: Any) -> Any:
        found["links"] = GuardianLink.objects.filter(guardian=full.maria).count()
        found["chat"] = ChatMessage.objects.count()
        return full.sam_child, set()

    monkeypatch.setattr("accounts.views.family.get_child_and_verbs_for", no_rule)
    client = client_for(full.ben)
    with transaction.atomic():
        client.get(f"/children/{full.sam_child.pk}/")
    assert found == {"links": 0, "chat": 0}
