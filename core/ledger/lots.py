"""How long an inflow stays reversible: a risk setting, as data."""

from __future__ import annotations

from datetime import timedelta

from core.kernel import errors
from core.kernel.held import Held
from core.ledger.models import ReversibilityRule

_Rules = dict[tuple[str, bool], list[tuple[int, timedelta]]]


class NoRule(errors.SystemFault):
    """There is no reversibility rule for a rail: without one its money must not be taken in."""

    default_code = "no_reversibility_rule"


def lifetime(*, rail: str, kyc_level: int, liability_shift: bool) -> timedelta:
    """Return how long an inflow by ``rail`` can be taken back as far as we are concerned. Zero: open no lot.

    The rule of the highest level that the customer has reached applies. Changes of the data take effect within seconds.
    Raises: NoRule.
    """
    steps = _rules.get().get((rail, liability_shift), [])
    reached = [hold_for for level, hold_for in steps if level <= kyc_level]
    if not reached:
        raise NoRule(detail=f"No rule for {rail!r} at level {kyc_level} (liability shift: {liability_shift}).")
    return reached[-1]


def _load() -> _Rules:
    rules: _Rules = {}
    for rule in ReversibilityRule.objects.order_by("kyc_level"):
        rules.setdefault((rule.rail, rule.liability_shift), []).append((rule.kyc_level, rule.hold_for))
    return rules


_rules: Held[_Rules] = Held(_load)
