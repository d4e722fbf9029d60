"""Amounts that make something happen, for people who try by hand. Exact cents, far from round amounts."""

from __future__ import annotations

from sandbox.faults.scripts import Script

# Amount in cents: (what it does, in words; the script it stands for).
AMOUNTS: dict[int, tuple[str, Script]] = {
    cents: (
        words,
        Script(id=f"magic:{cents}", provider="stripe", operation="charge", **fields),
    )
    for cents, words, fields in (
        (91_101, "declined: generic_decline", {"fault": "refuse", "code": "generic_decline"}),
        (91_102, "declined: insufficient_funds", {"fault": "refuse", "code": "insufficient_funds"}),
        (91_103, "stays processing and never settles", {"fault": "never_settle"}),
        (91_104, "charged, then no answer for 60 s", {"fault": "timeout_after", "delay_ms": 60_000}),
        (91_105, "charged, then the connection is reset", {"fault": "reset_after"}),
        (91_106, "503, nothing done", {"fault": "error", "when": "before", "status": 503}),
        (91_107, "500 after charging; the 500 is replayed", {"fault": "error", "when": "after", "status": 500}),
        (91_108, "charged one dollar too little", {"fault": "wrong_amount", "amount_delta": -100}),
        (91_109, "charged, then disputed after two seconds", {"fault": "dispute", "delay_ms": 2_000}),
        (91_110, "charged, answered after three seconds", {"fault": "latency", "when": "after", "delay_ms": 3_000}),
    )
}


def script_for(amount: int | None) -> Script | None:
    """Return what an amount asks for, or None."""
    found = AMOUNTS.get(amount) if amount is not None else None
    return found[1] if found else None
