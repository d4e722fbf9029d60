"""Amounts and account numbers that make something happen, for people who try by hand.

Account numbers serve as well as amounts because what a customer types is often not what is paid out, after fees.
"""

from __future__ import annotations

from sandbox.faults.scripts import Script


def _script(name: str, fields: dict[str, object]) -> Script:
    return Script(id=f"magic:{name}", provider="increase", operation="payout", **fields)  # type: ignore[arg-type] # literals below


# (amount in cents, account number, what it does, fields of the script)
_TABLE: tuple[tuple[int, str, str, dict[str, object]], ...] = (
    (92_201, "000000009201", "rejected by Increase", {"fault": "refuse"}),
    (92_202, "000000009202", "settles, then returned: no_account (R03)", {"fault": "return", "code": "no_account"}),
    (
        92_203,
        "000000009203",
        "settles, then returned two days later: account_closed (R02); push the clock",
        {"fault": "return", "code": "account_closed", "delay_ms": 172_800_000},
    ),
    (92_204, "000000009204", "stays pending_submission for ever", {"fault": "never_settle"}),
    (92_205, "000000009205", "accepted, then no answer for 60 s", {"fault": "timeout_after", "delay_ms": 60_000}),
    (92_206, "000000009206", "accepted, then the connection is reset", {"fault": "reset_after"}),
    (92_207, "000000009207", "503, nothing done", {"fault": "error", "when": "before", "status": 503}),
    (92_208, "000000009208", "pays out one dollar too little", {"fault": "wrong_amount", "amount_delta": -100}),
    (92_209, "000000009209", "answered after three seconds", {"fault": "latency", "when": "after", "delay_ms": 3_000}),
)
AMOUNTS = {cents: (words, _script(str(cents), fields)) for cents, _, words, fields in _TABLE}
ACCOUNT_NUMBERS = {number: (words, _script(number, fields)) for _, number, words, fields in _TABLE}


def script_for(*, amount: object, account_number: object) -> Script | None:
    """Return what an amount or an account number asks for, or None."""
    found = ACCOUNT_NUMBERS.get(str(account_number)) or (AMOUNTS.get(amount) if isinstance(amount, int) else None)
    return found[1] if found else None
