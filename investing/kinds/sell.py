"""Sell: a customer gives coins and gets money."""

from __future__ import annotations

from datetime import timedelta

from core.orchestration import kinds
from investing.kinds.trade import PATH, WAYPOINTS, Trade

# One unit: what is too little depends on the price and is said by ``services.terms``.
RULES = kinds.Rules(
    path=PATH,
    waypoints=WAYPOINTS,
    minimum_units={"BTC:bitcoin": 1, "ETH:ethereum": 1, "SOL:solana": 1, "SUI:sui": 1, "USDC:ethereum": 1},
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    targets=frozenset({"USD", "USDC:ethereum"}),
)
SELL = Trade(name="sell", rules=RULES)
