"""Volumes that make something happen, for people who try by hand.

What reaches Kraken counts, after fees: 933.01 of the quote asset (an order by cost), or 0.00093301 of the base asset.
"""

from __future__ import annotations

from sandbox.faults.scripts import Script


def _script(name: int, fields: dict[str, object]) -> Script:
    return Script(id=f"magic:{name}", provider="kraken", operation="order", **fields)  # type: ignore[arg-type] # literals below


_TABLE: tuple[tuple[int, str, dict[str, object]], ...] = (
    (93_301, "refused: insufficient funds", {"fault": "refuse", "code": "EOrder:Insufficient funds"}),
    (93_302, "half is filled, the rest stays open until it is cancelled", {"fault": "partial_fill", "percent": 50}),
    (93_303, "stays pending for ever", {"fault": "never_settle"}),
    (93_304, "accepted, then no answer for 60 s", {"fault": "timeout_after", "delay_ms": 60_000}),
    (93_305, "accepted, then the connection is reset", {"fault": "reset_after"}),
    (93_306, "503, nothing done", {"fault": "error", "when": "before", "status": 503}),
    (93_307, "the price rises by 3 percent before it is matched", {"fault": "price_move", "bps": 300}),
    (93_308, "the price falls by 3 percent before it is matched", {"fault": "price_move", "bps": -300}),
    (93_309, "filled, its trades are listed five seconds later", {"fault": "late_trades", "delay_ms": 5_000}),
)
VOLUMES = {number: (words, _script(number, fields)) for number, words, fields in _TABLE}


def script_for(*, volume: str, by_cost: bool) -> Script | None:
    """Return what a volume asks for, or None."""
    whole, _, fraction = volume.partition(".")
    wanted = f"{whole}.{fraction.rstrip('0')}"
    for number, (_, script) in VOLUMES.items():
        if wanted == (f"{number // 100}.{number % 100:02d}" if by_cost else f"0.{number:08d}"):
            return script
    return None
