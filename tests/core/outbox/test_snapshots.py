"""The registry of the live feed's channels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.kernel import ids
from core.outbox import snapshots


@pytest.fixture
def channel() -> Iterator[str]:
    name = "test.registry"
    yield name
    snapshots.forget(name)


def test_a_channel_exists_once_it_is_registered(channel: str) -> None:
    with pytest.raises(snapshots.UnknownChannel) as refused:
        snapshots.get(channel)

    snapshots.register(channel, lambda customer_id, params: [{"id": customer_id.hex, **params}])

    customer_id = ids.uuid7()
    assert refused.value.code == "unknown_channel"
    assert channel in snapshots.channels()
    assert snapshots.get(channel).snapshot(customer_id, {"a": 1}) == [{"id": customer_id.hex, "a": 1}]
    assert (snapshots.get(channel).complete, snapshots.get(channel).is_public) == (None, False)


def test_the_last_registration_wins(channel: str) -> None:
    snapshots.register(channel, lambda *_: [{"n": 1}])
    snapshots.register(channel, lambda *_: [{"n": 2}], complete=lambda rows: [data for _, data in rows], is_public=True)

    source = snapshots.get(channel)

    assert source.snapshot(ids.uuid7(), {}) == [{"n": 2}]
    assert source.complete is not None
    assert source.complete([(ids.uuid7(), {"x": 1})]) == [{"x": 1}]
    assert source.is_public


def test_prices_are_not_shown_before_there_are_any() -> None:
    assert snapshots.channels() == ["balances", "notifications", "prices", "providers", "transactions"]
