"""Export and erasure ask every app; a name is taken once; what points at another goes first."""

import uuid

import pytest

from core import registry
from core.registry import Category, Holding, Table


def test_holdings_are_listed_by_name_and_never_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_holdings", {})
    chat = Holding("chat", Category.CLINICAL)
    registry.register(chat)
    registry.register(chat, Holding("audit", Category.TRAIL))
    assert [h.name for h in registry.holdings()] == ["audit", "chat"]
    with pytest.raises(ValueError, match="twice"):
        registry.register(Holding("chat", Category.CONTACT))


def test_an_appointment_is_erased_after_what_points_at_it(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[str] = []
    monkeypatch.setattr(Table, "ids", lambda _self, _child: [])
    monkeypatch.setattr(Table, "erase", lambda self, _child: gone.append(self.label) or 0)
    labels = ["accounts.Child", "scheduling.Appointment", "sessions_app.SessionNote"]
    labels += ["sessions_app.NoteAddendum", "accounts.GuardianLink"]
    registry.erase(
        [Holding(label, Category.CLINICAL, (Table(label, "x"),)) for label in labels], uuid.uuid4()
    )
    assert gone.index("sessions_app.NoteAddendum") < gone.index("sessions_app.SessionNote")
    assert gone.index("sessions_app.SessionNote") < gone.index("scheduling.Appointment")
    assert gone[-1] == "accounts.Child"
