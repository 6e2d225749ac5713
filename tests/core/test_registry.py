"""Export and erasure ask every app; a name is taken once."""

import uuid

import pytest

from core import registry
from core.registry import Holding


def test_holdings_are_listed_by_name_and_never_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_holdings", {})
    chat = Holding("chat", export=lambda _child: [{"n": 1}], erase=lambda _child: 1)
    registry.register(chat)
    registry.register(chat)
    registry.register(Holding("audit", export=lambda _child: [], erase=lambda _child: 0))
    assert [h.name for h in registry.holdings()] == ["audit", "chat"]
    assert list(chat.export(uuid.uuid4())) == [{"n": 1}]
    with pytest.raises(ValueError, match="twice"):
        registry.register(Holding("chat", export=lambda _child: [], erase=lambda _child: 0))
