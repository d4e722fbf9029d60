"""The registry of the parts of a transaction's story."""

import uuid

from core.api import explain


def test_every_registered_part_tells_its_story(monkeypatch):
    monkeypatch.setattr(explain, "_parts", {})
    transaction_id = uuid.uuid4()
    explain.register("holds", lambda of: [of.hex])
    explain.register("fees", lambda _: {"total": "1.00"})
    explain.register("fees", lambda _: {"total": "2.00"})

    assert explain.names() == ["fees", "holds"]
    assert explain.collect(transaction_id) == {"fees": {"total": "2.00"}, "holds": [transaction_id.hex]}
