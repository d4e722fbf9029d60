"""From a request and its candidates to a price with a provider: pure, no side effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from core.api import amounts
from core.fees import pricing, schedules, sheets
from core.kernel import errors
from core.kernel.money import Money
from core.quotes import candidates, preferences
from core.quotes.candidates import CandidateInput, Priced
from core.routing import scoring

_SPANS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class NoProvider(errors.ConnectionFault):
    """No provider can do it right now. HTTP 503, worth trying again."""

    http_status: ClassVar[int] = 503
    default_code = "no_provider_available"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceInputs:
    """What is to be priced. ``candidates`` is None for a kind that needs no provider, such as a transfer.

    ``locked`` is the price that was made of the same wish before, where there is one: whose rules it was made by is not
    priced again.
    """

    domain: str
    kind: str
    method: str
    side: pricing.Side
    amount: Money
    candidates: Sequence[CandidateInput] | None
    preferences: preferences.Preferences = preferences.NONE
    facts: pricing.Facts = pricing.NO_FACTS
    usd_price: Decimal | None = None
    network_fee: Money | None = None
    locked: sheets.FeeSheet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A price, ready to be stored or executed. ``decision`` is None, and ``provider`` empty, where none is needed."""

    domain: str
    kind: str
    sheet: sheets.FeeSheet
    min_receive: Money
    provider: str
    eta_seconds: int
    decision: scoring.Decision | None
    suggestions: tuple[dict[str, Any], ...]


def prepare(*, inputs: PriceInputs, schedule: schedules.Schedule, weights: scoring.Weights) -> Prepared:
    """Return the price with the best provider, and every candidate's numbers.

    Raises: InvalidInput (``invalid_amount``); Refused (``fees_exceed_amount``, ``amount_below_minimum``,
        ``amount_above_maximum``, ``fee_above_preference``, ``rate_unavailable``); NoProvider.
    """
    request = pricing.PriceRequest(
        domain=inputs.domain,
        kind=inputs.kind,
        amount=inputs.amount,
        side=inputs.side,
        method=inputs.method,
        usd_price=inputs.usd_price,
        network_fee=inputs.network_fee,
        facts=inputs.facts,
    )
    if inputs.candidates is None:
        return _without_provider(inputs, pricing.price(request=request, schedule=schedule))
    priced = [
        candidates.price_candidate(
            given=given,
            request=replace(request, provider_fee_code=given.capability.fee_code, provider_fee=given.provider_fee),
            schedule=schedule,
            wishes=inputs.preferences,
            locked=inputs.locked,
        )
        for given in inputs.candidates
    ]
    return _choose(inputs, priced, weights)


def _without_provider(inputs: PriceInputs, sheet: sheets.FeeSheet) -> Prepared:
    if candidates.fee_is_too_high(sheet=sheet, wishes=inputs.preferences):
        raise _refused(candidates.FEE_TOO_HIGH)
    return Prepared(
        domain=inputs.domain,
        kind=inputs.kind,
        sheet=sheet,
        min_receive=sheet.receive,
        provider="",
        eta_seconds=0,
        decision=None,
        suggestions=(),
    )


def _choose(inputs: PriceInputs, priced: Sequence[Priced], weights: scoring.Weights) -> Prepared:
    decision = _decide(priced, inputs, weights, inputs.preferences.speed)
    best = _named(priced, decision.chosen)
    if best is None or best.sheet is None:
        raise _why_nobody(priced)
    return Prepared(
        domain=inputs.domain,
        kind=inputs.kind,
        sheet=best.sheet,
        min_receive=_min_receive(best, best.sheet.receive, inputs.preferences),
        provider=best.given.provider,
        eta_seconds=best.given.capability.eta_seconds,
        decision=decision,
        suggestions=_suggestions(inputs, priced, best, weights),
    )


def _decide(
    priced: Sequence[Priced], inputs: PriceInputs, weights: scoring.Weights, speed: Decimal | None
) -> scoring.Decision:
    scored = [
        scoring.Candidate(
            provider=one.given.provider,
            health=one.health,
            cost=one.sheet.total if one.sheet else Money.zero(inputs.amount.asset),
            eta_seconds=one.given.capability.eta_seconds,
            eligible=one.is_eligible,
            why=one.why,
        )
        for one in priced
    ]
    return scoring.score(candidates=scored, weights=weights, speed_preference=speed)


def _named(priced: Sequence[Priced], provider: str) -> Priced | None:
    return next((one for one in priced if one.is_eligible and one.given.provider == provider), None)


def _min_receive(best: Priced, receive: Money, wishes: preferences.Preferences) -> Money:
    """What at least arrives: all of it on a firm quote, less the accepted slippage on an indicative one."""
    if best.given.capability.firm_quote or not wishes.max_slippage_bps:
        return receive
    return Money(receive.units * (10_000 - wishes.max_slippage_bps) // 10_000, receive.asset)


def _suggestions(
    inputs: PriceInputs, priced: Sequence[Priced], best: Priced, weights: scoring.Weights
) -> tuple[dict[str, Any], ...]:
    """Return what would be cheaper and can be had: the same request with ``preferences.speed`` 0 chooses it."""
    if sum(one.is_eligible for one in priced) == 1:
        return ()
    other = _named(priced, _decide(priced, inputs, weights, Decimal(0)).chosen)
    if other is None or other is best or other.sheet is None or best.sheet is None:
        return ()
    saved = best.sheet.total - other.sheet.total
    if saved.units <= 0:
        return ()
    slower = other.given.capability.eta_seconds - best.given.capability.eta_seconds
    return ({"code": "prefer_cost", "saves": amounts.render(saved), "costs": _span(slower)},)


def _span(seconds: int) -> str:
    """Return a length of time in the largest whole unit, rounded up, such as ``2 days``."""
    if seconds <= 0:
        return "nothing"
    name, size = next((name, size) for name, size in _SPANS if seconds >= size)
    count = -(-seconds // size)
    return f"{count} {name}{'' if count == 1 else 's'}"


def _why_nobody(priced: Sequence[Priced]) -> errors.DiboasError:
    for one in priced:
        if one.refusal in candidates.IN_CUSTOMERS_HANDS:
            return _refused(one.refusal)
    return NoProvider(detail="No provider can carry this out right now. Try again in a moment.")


def _refused(code: str) -> errors.Refused:
    return errors.Refused(code=code, detail=candidates.IN_CUSTOMERS_HANDS[code])
