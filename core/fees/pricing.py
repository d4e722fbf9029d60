"""The price of one transaction: pure, exact, in both directions.

Percentages are of the gross amount. "source" names the gross and fees come out of it; "target" names what arrives, and
the gross is the smallest one from which exactly that arrives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from core.fees import rates, schedules, sheets
from core.kernel import errors
from core.kernel.money import Money

Side = Literal["source", "target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the caller knows of the customer. ``kyc_fee_due``: the identity check is unpaid and done with this one."""

    kyc_fee_due: bool = False


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRequest:
    """What is to be priced.

    ``provider_fee_code`` names the provider's rule; ``provider_fee`` is the provider's own quote and then stands in
    for that rule. ``network_fee`` is what the chain is estimated to cost, in the asset of the amount. ``usd_price`` is
    what one whole unit of the asset costs in USD: needed when the asset is not USD and a rule has an amount in USD.
    """

    domain: str
    kind: str
    amount: Money
    side: Side = "source"
    method: str = ""
    provider_fee_code: str = ""
    provider_fee: Money | None = None
    network_fee: Money | None = None
    usd_price: Decimal | None = None
    facts: Facts = NO_FACTS


def price(*, request: PriceRequest, schedule: schedules.Schedule) -> sheets.FeeSheet:
    """Return every fee of a transaction and what is debited and received.

    Raises: InvalidInput (``invalid_amount``) for an amount that is not positive; Refused (``fees_exceed_amount``) when
        nothing would arrive, (``rate_unavailable``) when a fee in USD cannot be converted; SystemFault
        (``fee_rule_missing``).
    """
    if request.amount.units <= 0:
        raise errors.InvalidInput(
            code="invalid_amount", detail="The amount must be greater than zero.", pointer=f"/{request.side}/amount"
        )
    compiled = _compile(request, schedule)
    gross = request.amount.units if request.side == "source" else _gross(compiled, request.amount.units)
    lines = tuple(_line(rate, gross, request.amount) for rate in compiled if rate.applies(gross))
    debit = Money(gross, request.amount.asset)
    receive = Money(gross - sum(line.amount.units for line in lines), request.amount.asset)
    if receive.units <= 0:
        raise _exceeds()
    return sheets.FeeSheet(schedule_version=schedule.version, debit=debit, receive=receive, lines=lines)


def _compile(request: PriceRequest, schedule: schedules.Schedule) -> list[rates.Rate]:
    scope = schedules.Scope(
        domain=request.domain,
        kind=request.kind,
        method=request.method,
        asset=request.amount.asset.code,
        provider_fee_code="" if request.provider_fee is not None else request.provider_fee_code,
    )
    chosen = [
        rule
        for rule in schedule.choose(scope=scope)
        if rule.type not in schedules.AT_THE_END and (not rule.fact or getattr(request.facts, rule.fact))
    ]
    compiled = [
        rates.compile_rule(rule=rule, asset=request.amount.asset, usd_price=request.usd_price) for rule in chosen
    ]
    if request.provider_fee is not None:
        compiled.append(rates.quoted(code=request.provider_fee_code or "provider_quote", fee=request.provider_fee))
    if request.network_fee:
        compiled.append(rates.estimated(fee=request.network_fee))
    return sorted(compiled, key=lambda rate: rate.place)


def _line(rate: rates.Rate, gross: int, amount: Money) -> sheets.FeeLine:
    return sheets.FeeLine(tier=rate.tier, code=rate.code, rate=rate.text, amount=Money(rate.units(gross), amount.asset))


def _gross(compiled: Sequence[rates.Rate], target: int) -> int:
    """Return the smallest gross from which exactly ``target`` arrives.

    What arrives never rises by more than one unit per unit of gross and starts at or below zero, so the first gross
    from which at least ``target`` arrives is exact. Thresholds make it fall; therefore each stretch between two
    thresholds is searched by itself, in order.
    """
    starts = sorted({1, *(rate.first for rate in compiled)})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        active = [rate for rate in compiled if rate.first <= start]
        found = _first_in_stretch(active, target, start, end)
        if found is not None:
            return found
    raise _exceeds()


def _first_in_stretch(active: Sequence[rates.Rate], target: int, start: int, end: int | None) -> int | None:
    slope = 1 - sum((rate.slope for rate in active), Fraction(0))
    if slope <= 0:
        raise _exceeds()
    spread = Fraction(len(active), 2)
    limit = int((target + spread + sum((rate.constant for rate in active), Fraction(0))) / slope) + 2
    last = limit if end is None else min(limit, end - 1)
    for gross in range(_bisect(active, target, start, last), last + 1):
        if gross - sum(rate.units(gross) for rate in active) >= target:
            return gross
    return None


def _bisect(active: Sequence[rates.Rate], target: int, low: int, high: int) -> int:
    """Return the smallest gross from which, with every line rounded in the customer's favour, ``target`` could arrive.

    Unrounded receipts rise with the gross, rounded ones need not; they differ by at most half a unit per line.
    """
    scale = math.lcm(*(rate.scale for rate in active))
    weighted = [(rate, scale // rate.scale) for rate in active]
    wanted = (2 * target - len(active)) * scale
    high += 1
    while low < high:
        middle = (low + high) // 2
        if 2 * (middle * scale - sum(rate.scaled(middle) * weight for rate, weight in weighted)) >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def _exceeds() -> errors.Refused:
    return errors.Refused(code="fees_exceed_amount", detail="The fees are as high as the amount or higher.")
