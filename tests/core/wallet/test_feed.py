"""The channel ``balances``: rows say which, the feed says how much."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.kernel import ids
from core.kernel.money import Money
from core.ledger import funding
from core.outbox import snapshots
from core.wallet import feed

pytestmark = pytest.mark.django_db
ROW: dict[str, object] = {"domain": "banking", "asset": "USD", "chain": None}


def _grant(customer_id: UUID, units: int, asset: str = "USD") -> None:
    funding.grant(customer_id=customer_id, amount=Money.of(units, asset), key=ids.uuid7().hex)


def test_the_channel_is_open() -> None:
    source = snapshots.get("balances")

    assert (source.snapshot, source.complete, source.is_public) == (feed.snapshot, feed.complete, False)


def test_rows_of_many_customers_are_completed_in_one_query(django_assert_num_queries: Any) -> None:
    rich, poor, new = ids.uuid7(), ids.uuid7(), ids.uuid7()
    _grant(rich, 10_000)
    _grant(poor, 1)

    with django_assert_num_queries(1):
        done = feed.complete([(poor, ROW), (rich, ROW), (new, ROW), (rich, {**ROW, "asset": "USDC", "chain": "sui"})])

    assert [row["available"] for row in done] == [
        {"amount": "0.01", "asset": "USD"},
        {"amount": "100.00", "asset": "USD"},
        {"amount": "0.00", "asset": "USD"},
        {"amount": "0.000000", "asset": "USDC", "chain": "sui"},
    ]
    assert all(
        {"domain", "asset", "chain", "is_position", "held", "incoming", "total", "as_of"} <= set(row) for row in done
    )


def test_the_snapshot_holds_the_same_objects_as_the_rows() -> None:
    customer_id = ids.uuid7()
    _grant(customer_id, 500)
    _grant(customer_id, 7, "USDC:solana")

    found = feed.snapshot(customer_id, {})
    done = feed.complete([(customer_id, ROW), (customer_id, {**ROW, "asset": "USDC", "chain": "solana"})])

    assert [{**row, "as_of": ""} for row in found] == [{**row, "as_of": ""} for row in done]
