"""Erasing a record: asked, looked at, confirmed; what must be kept stays shut until its time."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Child, ConsentSignature, User
from core.actors import SystemActor
from core.audit import chain
from core.audit.models import AuditEvent
from core.encryption import CannotOpen, forget_keys, open_sealed, seal
from core.models import DataKey
from core.notifications.delivery import deliver_due
from core.notifications.models import InboxMessage, Notification, PushSubscription
from records.actions import approve_erasure, ask_erasure, place_hold
from records.actions.erasing import carry_out
from records.models import Erasure, ErasureState, LegalHold
from records.tasks import carry_out_erasures
from scheduling.models import Appointment, CalendarFeed, ChildHours, ReminderChoice
from sessions_app.models import ChatMessage, SessionNote
from tests.cast import Cast, child_of, client_for
from tests.records.steps import (
    ALONE,
    NOTE,
    Story,
    everywhere,
    lead,
    older,
    settle,
    whole_record,
)
from tests.scheduling.steps import booked

LATER = date(2060, 1, 1)
WORKER = SystemActor("erasure")


@pytest.fixture
def story(signed: Cast) -> Story:
    return whole_record(signed)


def asked(story: Story) -> Erasure:
    client = client_for(story.cast.maria)
    assert client.get(reverse("erasure_ask", args=[story.child.pk])).status_code == 200
    assert client.post(reverse("erasure_ask", args=[story.child.pk])).status_code == 302
    return Erasure.objects.get()


def press(client: Client, name: str, erasure: Erasure, **data: str) -> Any:
    return client.post(reverse(name, args=[erasure.pk]), data)


def confirmed(story: Story) -> Erasure:
    erasure, pat = asked(story), client_for(story.cast.pat)
    assert press(pat, "erasure_approve", erasure).status_code == 302
    assert press(pat, "erasure_confirm", erasure, sign_in_name="sam").status_code == 302
    return Erasure.objects.get()


def sealed_line() -> tuple[bytes, uuid.UUID]:
    row = ChatMessage.objects.values("pk", "body").first()
    assert row is not None
    return bytes(row["body"]), row["pk"]


def test_two_steps_close_the_record_and_the_last_day_leaves_nothing_of_it(story: Story) -> None:
    cast, child_id, user_id = story.cast, story.child.pk, story.cast.sam.pk
    key_id, (ciphertext, line) = story.child.data_key_id, sealed_line()
    erasure = asked(story)
    deliver_due()
    told = InboxMessage.objects.get(recipient=cast.pat, title="Somebody asks for erasure")
    assert "Sam" not in told.title + told.body

    pat = client_for(cast.pat)
    page = pat.get(told.action_path)
    assert "25th birthday" in page.text
    assert "not yet checked by a lawyer" in page.text
    assert press(pat, "erasure_confirm", erasure, sign_in_name="sam").status_code == 422
    press(pat, "erasure_approve", erasure)
    wrong = press(pat, "erasure_confirm", erasure, sign_in_name="timo")
    assert wrong.status_code == 422
    assert Erasure.objects.get().state == ErasureState.APPROVED
    assert press(pat, "erasure_confirm", erasure, sign_in_name=" SAM ").status_code == 302
    # shut at once, before any worker ran
    assert not client_for(cast.sam).login(username="sam", password="kind-lamp-river-42")
    for person in (cast.maria, cast.amara):
        found = client_for(person).get(reverse("child_detail", args=[child_id]))
        assert found.status_code == 404

    assert carry_out_erasures() == 1
    assert carry_out_erasures() == 0
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.PARTLY
    assert erasure.kept["clinical"]["until"] == f"{story.child.birth_date.year + 25}-01-01"
    for model in (ChildHours, CalendarFeed, ReminderChoice, PushSubscription):
        assert not model.objects.exists(), model
    assert not Notification.objects.filter(recipient=user_id).exists()
    deliver_due()
    news = InboxMessage.objects.get(recipient=cast.maria, title="News about what you asked for")
    assert "locked away" in news.body
    assert ChatMessage.objects.count() == 3
    assert SessionNote.objects.get().sections["subjective"] == NOTE
    assert ConsentSignature.objects.exists()

    done = carry_out(actor=WORKER, erasure_id=erasure.pk, today=LATER)
    assert done is not None
    assert done.state == ErasureState.DONE
    settle()
    trail = {"audit_auditevent", "records_erasure"}
    left = everywhere(str(child_id), str(user_id), "sentinel", "sam@")
    assert {row.partition(":")[0] for row in left} <= trail
    # also not what the others were told about it, whose links lead nowhere now
    kinds = set(Notification.objects.values_list("kind", flat=True))
    assert kinds == {"erasure.asked", "erasure.news"}
    assert not Child.objects.filter(pk=child_id).exists()
    assert DataKey.objects.get(pk=key_id).shredded_at is not None
    forget_keys()
    with pytest.raises(CannotOpen):
        open_sealed(ciphertext, table="sessions_app_chatmessage", column="body", pk=line)
    with pytest.raises(CannotOpen):
        seal(b"x", key_id=key_id, table="t", column="c", pk=1)
    assert "An erased record" in pat.get(reverse("erasures")).text
    assert "The key was destroyed" in pat.get(reverse("erasure", args=[erasure.pk])).text
    # what was done is in the trail, and the trail still fits
    actions = AuditEvent.objects.filter(child_id=child_id).values_list("action", flat=True)
    assert {"erasure.ask", "erasure.approve", "erasure.confirm", "erasure.done", "key.shred"} <= {
        *actions
    }
    assert chain.verify().broken is None
    # and nobody else lost anything
    assert Child.objects.get().pk == cast.timo_child.pk
    assert User.objects.filter(pk=cast.maria.pk).exists()


def test_a_child_without_any_consent_or_session_goes_whole_and_at_once(cast: Cast) -> None:
    child = child_of(cast.maria, "Nia", username="nia")
    erasure = ask_erasure(actor=cast.maria, child=child)
    pat = client_for(cast.pat)
    press(pat, "erasure_approve", erasure)
    page = pat.get(reverse("erasure_confirm", args=[erasure.pk]))
    assert "Everything goes" not in page.text  # Maria's own link is kept
    press(pat, "erasure_confirm", erasure, sign_in_name="nia")
    carry_out_erasures()
    settle()
    erasure.refresh_from_db()
    # no sealed row is left, so the key is gone although the link's evidence stays
    assert erasure.state == ErasureState.PARTLY
    assert set(erasure.kept) == {"consent"}
    assert DataKey.objects.get(pk=child.data_key_id).shredded_at is not None


def test_nothing_is_erased_on_hold_or_while_a_session_is_booked(signed: Cast) -> None:
    lea = lead()
    client = client_for(lea)
    data = {"sign_in_name": "sam", "reason": "sentinel-court"}
    assert client.post(reverse("hold_place"), data | {"sign_in_name": "x"}).status_code == 422
    assert client.post(reverse("hold_place"), data).status_code == 302
    assert everywhere("sentinel-court") == []  # sealed
    assert "sentinel-court" in client.get(reverse("erasures")).text
    erasure = ask_erasure(actor=signed.maria, child=signed.sam_child)
    refused = client.get(press(client, "erasure_approve", erasure)["Location"])
    assert "There is a legal hold on this record" in refused.text
    hold = LegalHold.objects.get()
    assert client_for(signed.ben).post(reverse("hold_end", args=[hold.pk])).status_code == 404
    client.post(reverse("hold_end", args=[hold.pk]))
    session = booked(signed)
    refused = client.get(press(client, "erasure_approve", erasure)["Location"])
    assert "A session is booked" in refused.text
    Appointment.objects.filter(pk=session.pk).update(state="cancelled")
    approve_erasure(actor=lea, erasure_id=erasure.pk)
    # a hold that comes after the last step still stops the worker
    press(client, "erasure_confirm", erasure, sign_in_name="sam")
    place_hold(actor=lea, sign_in_name="sam", reason="late")
    assert carry_out_erasures() == 0
    assert Erasure.objects.get().state == ErasureState.CONFIRMED


def test_each_step_is_taken_once_and_only_by_those_who_decide(signed: Cast) -> None:
    erasure = ask_erasure(actor=signed.maria, child=signed.sam_child)
    again = client_for(signed.maria).post(
        reverse("erasure_ask", args=[signed.sam_child.pk]), follow=True
    )
    assert "This was asked for already" in again.text
    for who in (signed.maria, signed.dad, signed.olga, signed.sam, signed.amara, signed.mo):
        client = client_for(who)
        for name in ("erasure_approve", "erasure_confirm", "erasure_decline"):
            assert press(client, name, erasure).status_code == 404, (who, name)
        assert client.get(reverse("erasures")).status_code == 404
    pat = client_for(signed.pat)
    press(pat, "erasure_decline", erasure)
    late = pat.get(press(pat, "erasure_approve", erasure)["Location"])
    assert "Somebody was here before you" in late.text
    assert Erasure.objects.get().state == ErasureState.DECLINED
    deliver_due()
    news = InboxMessage.objects.get(recipient=signed.maria, title="News about what you asked for")
    assert "We could not do what you asked" in news.body
    assert ask_erasure(actor=signed.maria, child=signed.sam_child).state == ErasureState.ASKED


def test_a_young_person_asks_for_itself_and_a_younger_child_does_not(signed: Cast) -> None:
    url = reverse("erasure_ask", args=[signed.sam_child.pk])
    assert client_for(signed.sam).post(url).status_code == 404
    older(signed, 14)
    assert client_for(signed.sam).post(url).status_code == 302
    assert Erasure.objects.get().asked_by == signed.sam.pk


def test_one_record_that_cannot_be_erased_does_not_stop_the_others(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(story)
    broken = Erasure.objects.create(child_id=uuid.uuid4(), state="confirmed")  # its child is gone
    assert carry_out_erasures() == 1
    broken.refresh_from_db()
    assert broken.state == ErasureState.CONFIRMED
    assert ALONE in {row.body for row in ChatMessage.objects.all()}
