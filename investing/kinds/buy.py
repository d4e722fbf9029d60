"""Buy: a customer gives money and gets coins."""

from __future__ import annotations

from datetime import timedelta

from core.orchestration import kinds
from investing.kinds.trade import PATH, WAYPOINTS, Trade

RULES = kinds.Rules(
    path=PATH,
    waypoints=WAYPOINTS,
    minimum_units={"USD": 1_000, "USDC:ethereum": 10_000_000},
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    targets=frozenset({"BTC:bitcoin", "ETH:ethereum", "SOL:solana", "SUI:sui", "USDC:ethereum"}),
)
BUY = Trade(name="buy", rules=RULES)
