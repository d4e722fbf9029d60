"""What the tests of Kraken's adapter trade with: orders of ours, questions about them, and the exchange's own book."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from core.kernel import assets
from core.kernel.clock import SYSTEM
from core.kernel.money import Money
from core.providers.contract import Operation, Order, Report
from investing.providers import turns
from investing.providers.kraken import sizing
from investing.providers.kraken.adapter import Credentials, KrakenAdapter
from tests.contracts import subjects
from tests.contracts.subjects import LIMITS, LOOPBACK
from tests.sandbox import rig
from tests.sandbox.rig import Sandbox


def buy(cents: int = 1_000_00, *, limit: str | None = "101000.0", key: str = "") -> Order:
    return _order(Money.of(cents, "USD"), side="buy", target="BTC:bitcoin", limit=limit, key=key)


def sell(sats: int = 1_000_000, *, limit: str | None = "99000.0") -> Order:
    return _order(Money.of(sats, "BTC:bitcoin"), side="sell", target="USD", limit=limit, key="")


def _order(amount: Money, *, side: str, target: str, limit: str | None, key: str) -> Order:
    name = key or f"txn_{secrets.token_hex(6)}:order:kraken"
    terms = {"side": side, "pair": "BTC/USD"} | ({"limit_price": limit} if limit else {})
    return Order(
        operation=Operation.ORDER,
        method="spot",
        key=name,
        reference=name.partition(":")[0],
        amount=amount,
        instrument={},
        target=assets.get(target),
        terms=terms,
    )


def ask(adapter: KrakenAdapter, order: Order, *, ref: str = "") -> Report:
    report = adapter.status(subjects.query(order, provider_ref=ref, with_order=not ref))
    assert report is not None
    return report


def there(exchange: Sandbox, order: Order) -> list[dict[str, Any]]:
    """Return what the exchange's own book has under an order's name, with its trades."""
    name = sizing.client_order_id(order.key)
    found: list[dict[str, Any]] = exchange.control("GET", "kraken/orders", cl_ord_id=name)["orders"]
    return found


def fault(exchange: Sandbox, order: Order, kind: str, **more: object) -> None:
    name = sizing.client_order_id(order.key)
    exchange.fault(provider="kraken", operation="order", fault=kind, reference=name, times=1, **more)


def omnibus(exchange: Sandbox) -> dict[str, Decimal]:
    account = exchange.control("GET", "kraken")["accounts"]["omnibus"]
    return {coin: Decimal(text) for coin, text in account.items()}


def total(parts: list[Money]) -> int:
    return sum(part.units for part in parts)


def adapter_for(exchange: Sandbox, *, clock: Any = SYSTEM) -> KrakenAdapter:
    credentials = Credentials(
        base_url=exchange.url, api_key=rig.KRAKEN_KEY, api_secret=rig.KRAKEN_SECRET, allowed_hosts=LOOPBACK
    )
    taken = turns.of(provider="kraken", api_key=f"{rig.KRAKEN_KEY}@{exchange.url}")
    return KrakenAdapter(credentials=credentials, clock=clock, turns=taken, limits=LIMITS)
