"""Keeps investing's own tables true, in the commit that posts: orders, fills, holdings, their cost and profit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.db.models.functions import Now

from core.kernel import assets
from core.kernel.money import Money
from core.orchestration.kinds import Posted
from core.orchestration.models import Transaction
from investing.analysis import costs, prices
from investing.analysis.costs import Basis, Change
from investing.kinds.notes import Executed
from investing.models import Holding, HoldingChange, InvestingDetail, InvestingFill

DOMAIN = "investing"
# By id, like every other set of locks; they come after all locks of the engine.
_LOCK = """
    SELECT h.id FROM investing_holding h
    JOIN unnest(%s::uuid[], %s::text[]) w (customer_id, asset) ON h.customer_id = w.customer_id AND h.asset = w.asset
    ORDER BY h.id FOR NO KEY UPDATE OF h
"""
_Fill = tuple[Transaction, Executed]


class Projector:
    """What a set of postings means for holdings: a few statements for the whole set."""

    def project(self, *, posted: Sequence[Posted]) -> None:
        """Write orders, fills and holdings. Needs: the open transaction that wrote the postings."""
        told = [(one.transaction, note) for one in posted for note in one.deed.notes if isinstance(note, Executed)]
        _orders([one.transaction for one in posted if one.transaction.results])
        if told:
            _fills(told)
            _hold(told)


def _orders(transactions: Sequence[Transaction]) -> None:
    """Write what has come of each order so far."""
    rows = [
        InvestingDetail(
            transaction_id=txn.id,
            order_id=txn.results.get("order_id", ""),
            spent=int(txn.results.get("spent", 0)),
            fee=int(txn.results.get("fees", 0)),
            received=int(txn.results.get("received", 0)),
            average_price=_average(txn),
        )
        for txn in transactions
    ]
    InvestingDetail.objects.bulk_update(rows, ["order_id", "spent", "fee", "received", "average_price"])


def _average(txn: Transaction) -> str:
    """Return what one whole coin cost or brought on the exchange, its fee inside."""
    given = Money(int(txn.results.get("paid", 0)), assets.get(txn.asset))
    got = Money(int(txn.results.get("received", 0)), assets.get(txn.target_asset))
    money, coins = (given, got) if txn.terms["side"] == "buy" else (got, given)
    return prices.text(prices.average(money=money, coins=coins)) if coins else ""


def _fills(told: Sequence[_Fill]) -> None:
    found = InvestingFill.objects.filter(transaction_id__in={txn.id for txn, _ in told})
    last: dict[UUID, int] = dict(found.values_list("transaction_id").annotate(Max("number")))
    rows = []
    for txn, note in told:
        last[txn.id] = last.get(txn.id, 0) + 1
        rows.append(
            InvestingFill(
                transaction_id=txn.id,
                number=last[txn.id],
                trade_id=note.trade_id,
                price=note.price,
                gives=note.spent.asset.code,
                gets=note.received.asset.code,
                paid=note.paid.units,
                received=note.received.units,
                our_fee=note.our_fee.units,
                exchange_fee=note.exchange_fee.units,
                exchange_fee_asset=note.exchange_fee.asset.code,
                occurred_at=note.occurred_at,
            )
        )
    InvestingFill.objects.bulk_create(rows)


def _hold(told: Sequence[_Fill]) -> None:
    """Change the holdings that the fills are of, in the order in which they were posted."""
    ours = [(txn, note) for txn, note in told if note.coin.home_domain == DOMAIN]
    if not ours:
        return
    rows = _locked({(txn.customer_id, note.coin.code) for txn, note in ours})
    changes = []
    for txn, note in ours:
        row = rows[txn.customer_id, note.coin.code]
        change = _change(row.basis, note)
        changes.append(_apply(row, change, txn, note.trade_id))
    HoldingChange.objects.bulk_create(changes)
    Holding.objects.bulk_update(rows.values(), ["quantity", "cost", "profit", "changes"])
    Holding.objects.filter(id__in=[row.id for row in rows.values()]).update(updated_at=Now())


def _locked(wanted: set[tuple[UUID, str]]) -> dict[tuple[UUID, str], Holding]:
    """Return these holdings, made where there were none, locked until the commit."""
    Holding.objects.bulk_create(
        (Holding(customer_id=customer_id, asset=asset) for customer_id, asset in sorted(wanted)),
        ignore_conflicts=True,
    )
    customers, coins = zip(*sorted(wanted), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(customers), list(coins)])
        ids = [row[0] for row in cursor.fetchall()]
    return {(row.customer_id, row.asset): row for row in Holding.objects.filter(id__in=ids)}


def _change(basis: Basis, note: Executed) -> Change:
    if note.side == "buy":
        return costs.acquire(quantity=note.received.units, cost=note.worth_cents)
    return costs.dispose(basis=basis, quantity=note.spent.units, proceeds=note.worth_cents)


def _apply(row: Holding, change: Change, txn: Transaction, trade_id: str) -> HoldingChange:
    after = change.after(row.basis)
    row.quantity, row.cost, row.profit = after.quantity, after.cost, after.profit
    row.changes += 1
    return HoldingChange(
        holding_id=row.id,
        number=row.changes,
        transaction_id=txn.id,
        trade_id=trade_id,
        quantity=change.quantity,
        cost=change.cost,
        profit=change.profit,
        untracked=change.untracked,
        quantity_after=after.quantity,
        cost_after=after.cost,
        profit_after=after.profit,
    )
