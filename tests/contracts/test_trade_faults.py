"""Every way in which the exchange can misbehave, for buying and for selling: real adapter, HTTP, engine and exchange.

Each cell ends completed once, in part, or without effect and with the money free. What was executed is counted in the
exchange's own book, and our books are proven after each.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from core.identity.customers import CustomerView
from core.kernel.money import Money
from core.ledger import funding
from core.orchestration.models import AttemptState
from core.resilience import breaker
from tests.contracts.test_trades_whole_way import exchange, ours, there
from tests.core.orchestration import world as engine
from tests.investing import world
from tests.investing.world import BTC, USD
from tests.sandbox.rig import Sandbox

__all__ = ["exchange"]  # the fixture
pytestmark = pytest.mark.django_db
SILENCE_MS = 3_500


@dataclass(frozen=True)
class Cell:
    """One fault and how it must end: the state, its reason, and whether anything was executed."""

    name: str
    fault: dict[str, Any]
    ends: str = "COMPLETED"
    reason: str = ""
    executes: bool = True
    times: int | None = 1
    by_side: dict[str, dict[str, Any]] = field(default_factory=dict)


CELLS = (
    Cell("latency", {"fault": "latency", "delay_ms": 200}),
    Cell("unavailable-before", {"fault": "error", "status": 503, "when": "before"}),
    Cell("error-after", {"fault": "error", "status": 500, "when": "after"}),
    Cell("too-fast", {"fault": "rate_limit", "retry_after_s": 1}),
    Cell("too-fast-for-ever", {"fault": "rate_limit"}, "FAILED", "provider_rate_limited", executes=False, times=None),
    Cell("timeout-before", {"fault": "timeout_before", "delay_ms": SILENCE_MS}),
    Cell("timeout-after", {"fault": "timeout_after", "delay_ms": SILENCE_MS}),
    Cell("reset-before", {"fault": "reset_before"}),
    Cell("reset-after", {"fault": "reset_after"}),
    Cell("garbage-before", {"fault": "garbage", "when": "before"}),
    Cell("garbage-after", {"fault": "garbage", "when": "after"}),
    Cell("too-little-cover-once", {"fault": "refuse", "code": "EOrder:Insufficient funds"}),
    Cell(
        "refused",
        {"fault": "refuse", "code": "EOrder:Order minimum not met"},
        "FAILED",
        "order_minimum_not_met",
        executes=False,
    ),
    Cell(
        "price-moved",
        {"fault": "price_move"},
        "FAILED",
        "price_moved",
        executes=False,
        by_side={"buy": {"bps": 300}, "sell": {"bps": -300}},
    ),
    Cell("part-then-stalls", {"fault": "partial_fill", "percent": 40}, reason="partially_filled"),
    Cell("never-moves", {"fault": "never_settle"}, "EXPIRED", "deadline_passed", executes=False),
    Cell("trades-late", {"fault": "late_trades", "delay_ms": 300}),
)


@dataclass
class Scene:
    """One customer with money and coins, and one order."""

    exchange: Sandbox
    side: str
    ana: CustomerView

    def start(self) -> UUID:
        return world.buy(self.ana, "1000.00") if self.side == "buy" else world.sell(self.ana, "0.01000000")

    def play(self, made: UUID) -> None:
        """Let time pass: look-ups prove, breakers close, deadlines fall due, until it has ended."""
        for turn in range(60):
            if engine.see(made).completed_at is not None:
                return
            for operation in ("order", "status", "cancel"):
                breaker.Breaker(f"kraken:{operation}").force_closed(actor="test", reason="test")
            if any(one.state == AttemptState.UNKNOWN for one in engine.attempts(made)):
                engine.sent_long_ago(made)
            if turn > 8 and engine.see(made).deadline_at is not None:
                engine.past_deadline(made)
            world.work(made)
            time.sleep(0.03)
        raise AssertionError(f"it stays {engine.see(made).state}")


@pytest.fixture(params=["buy", "sell"])
def scene(request: pytest.FixtureRequest, exchange: Sandbox) -> Scene:
    ana = engine.customer("ana", units=1_000_000)
    funding.grant(customer_id=ana.id, amount=Money(10_000_000, BTC), key="test:coins", domain="investing")
    return Scene(exchange=exchange, side=request.param, ana=ana)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_a_cell_of_the_matrix(scene: Scene, cell: Cell) -> None:
    before = {asset: (world.figures(scene.ana, asset)[0], ours(asset)) for asset in (USD, BTC)}
    script = {**cell.fault, **cell.by_side.get(scene.side, {})}
    scene.exchange.fault(provider="kraken", operation="order", times=cell.times, **script)

    made = scene.start()
    scene.play(made)

    row = engine.see(made)
    executed = [order for order in there(scene.exchange, made) if order["fills"]]
    assert (row.state, row.reason) == (cell.ends, cell.reason)
    assert len(executed) == cell.executes
    given, got = (USD, BTC) if scene.side == "buy" else (BTC, USD)
    assert world.figures(scene.ana, given) == (before[given][0] - int(row.results.get("spent", 0)), 0)
    assert world.figures(scene.ana, got) == (before[got][0] + int(row.results.get("received", 0)), 0)
    if executed:
        coins = row.results["received" if scene.side == "buy" else "paid"]
        assert Money(int(coins), BTC).text == executed[0]["vol_exec"]
        assert {fill["id"] for fill in executed[0]["fills"]} == set(row.results["fills"])
    else:
        assert {asset: ours(asset) for asset in before} == {asset: there_ for asset, (_, there_) in before.items()}
