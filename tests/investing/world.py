"""Customers who trade, and an exchange that does as it is told, for tests of investing through the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from core.identity.customers import CustomerView
from core.kernel import assets
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger import funding, queries
from core.orchestration.engine import drain
from core.orchestration.kinds import Request
from core.providers.contract import Fill, Order, Query, Report, Stage
from investing.providers.kraken import adapter
from tests.core.market.factories import quoted
from tests.core.orchestration import world
from tests.core.orchestration.fakes import FakeProvider

USD, BTC, ETH, USDC = (assets.get(code) for code in ("USD", "BTC:bitcoin", "ETH:ethereum", "USDC:ethereum"))
Said = Callable[[Order | Query], Report]


def exchange() -> FakeProvider:
    """Return a scripted exchange in Kraken's place, asked when a test says so and believed at once."""
    able = tuple(replace(one, poll_after_s=60.0, proof_after_s=0.0) for one in adapter.CAPABILITIES)
    return FakeProvider(code="kraken", name="Fake exchange", capabilities=able)


def prices() -> None:
    """Let a bitcoin cost 100,000 dollars, an ether 4,000 and a dollar coin one."""
    quoted("BTC/USD", "100000")
    quoted("ETH/USD", "4000")
    quoted("USDC/USD", "1")


def cover() -> None:
    """Give us money and coins on the exchange."""
    for amount in (Money(10_000_000, USD), Money(10 * 10**8, BTC), Money(10**20, ETH), Money(10**12, USDC)):
        funding.open(provider="kraken", amount=amount)


def wish(kind: str, amount: str, *, given: Asset, wanted: Asset, **preferences: object) -> Request:
    """Say what a customer wants to trade."""
    return Request(
        domain="investing",
        kind=kind,
        side="source",
        amount=Money.parse(amount, given),
        asset=given,
        method="",
        instrument=None,
        counterparty=None,
        preferences=preferences,
        target_asset=wanted,
    )


def buy(owner: CustomerView, amount: str, *, coin: Asset = BTC, money: Asset = USD) -> UUID:
    """Accept a purchase and return the transaction's id."""
    return world.start(owner, wish("buy", amount, given=money, wanted=coin))


def sell(owner: CustomerView, amount: str, *, coin: Asset = BTC, money: Asset = USD) -> UUID:
    """Accept a sale and return the transaction's id."""
    return world.start(owner, wish("sell", amount, given=coin, wanted=money))


def buy_exactly(owner: CustomerView, amount: str, *, coin: Asset = BTC, money: Asset = USD) -> UUID:
    """Accept a purchase of so many coins and return the transaction's id."""
    return world.start(owner, exactly(amount, coin=coin, money=money))


def exactly(amount: str, *, coin: Asset = BTC, money: Asset = USD, kind: str = "buy") -> Request:
    """Say how many coins (or, selling, how much money) are to arrive."""
    arrives = coin if kind == "buy" else money
    given = money if kind == "buy" else coin
    wanted = wish(kind, "0", given=given, wanted=arrives)
    return replace(wanted, side="target", amount=Money.parse(amount, arrives))


def work(*transactions: UUID) -> None:
    """Drain investing, with these made due first."""
    for transaction_id in transactions:
        world.due_now(transaction_id)
    drain.drain(domain="investing")


def fill(trade_id: str, paid: int, received: int, *, given: Asset = USD, got: Asset = BTC) -> Fill:
    """Return one trade. The exchange's fee is in it somewhere."""
    fee = Money(1, given if given.is_fiat else got)
    return Fill(trade_id=trade_id, paid=Money(paid, given), received=Money(received, got), fee=fee, price="100000.0")


def said(stage: Stage, *fills: Fill, reason: str = "") -> Said:
    """Return a step that reports ``stage`` of whatever it is asked, with all the fills there were so far."""

    def answer(asked: Order | Query) -> Report:
        return Report(
            operation=asked.operation,
            stage=stage,
            provider_ref="O1",
            key=asked.key,
            reference=asked.reference,
            amount=asked.amount,
            reason=reason,
            fills=fills,
            spent=_sum([one.paid for one in fills]) if stage is Stage.SETTLED else None,
            received=_sum([one.received for one in fills]) if stage is Stage.SETTLED else None,
        )

    return answer


def _sum(parts: list[Money]) -> Money | None:
    return sum(parts[1:], parts[0]) if parts else None


def figures(owner: CustomerView, asset: Asset) -> tuple[int, int]:
    """Return what a customer has posted and held of an asset, where it is at home."""
    for view in queries.balances(customer_id=owner.id):
        if view.domain == asset.home_domain and view.asset == asset.code and view.custody == "pooled":
            return view.posted.units, view.held.units
    return 0, 0


def system(account: str, asset: Asset) -> int:
    """Return a system account's units by its code, such as ``fee:platform``."""
    rows = queries.trial_balance()
    return next((row.total.units for row in rows if row.name == account and row.asset == asset.code), 0)
