"""Who could carry out a request, at what price, and why not: each candidate priced and judged by itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.fees import models, pricing, rates, schedules, sheets
from core.kernel import errors
from core.kernel.money import Money
from core.providers import contract
from core.quotes import preferences
from core.routing import scoring

FEES_EXCEED = "fees_exceed_amount"
BELOW_MINIMUM = "amount_below_minimum"
ABOVE_MAXIMUM = "amount_above_maximum"
FEE_TOO_HIGH = "fee_above_preference"
WRONG_ASSET = "asset_not_supported"
UNAVAILABLE = "unavailable"
# What the customer can do something about, by what he is told.
IN_CUSTOMERS_HANDS = {
    FEES_EXCEED: "The fees are as high as the amount or higher.",
    BELOW_MINIMUM: "The amount is below what can be carried out.",
    ABOVE_MAXIMUM: "The amount is above what can be carried out.",
    FEE_TOO_HIGH: "The fees are higher than your preferences allow.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateInput:
    """A provider that may be asked. ``eligible`` and ``why`` are what the caller knows: breaker, cover, instrument.

    Units: ``health`` from 0 to 1. ``provider_fee`` is the provider's own quote, where it gave one.
    """

    provider: str
    capability: contract.Capability
    health: scoring.Measured
    eligible: bool = True
    why: str = ""
    provider_fee: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A candidate with its price; ``refusal`` is empty or says why it is out."""

    given: CandidateInput
    sheet: sheets.FeeSheet | None
    refusal: str = ""
    why: str = ""

    @property
    def is_eligible(self) -> bool:
        return not self.refusal

    @property
    def health(self) -> Decimal:
        return scoring.exact_health(self.given.health)


def price_candidate(
    *,
    given: CandidateInput,
    request: pricing.PriceRequest,
    schedule: schedules.Schedule,
    wishes: preferences.Preferences,
    locked: sheets.FeeSheet | None = None,
) -> Priced:
    """Return the candidate with its price, or with the reason for which it is out. See ``PriceInputs.locked``."""
    if request.amount.asset.code not in given.capability.assets:
        return Priced(given=given, sheet=None, refusal=WRONG_ASSET, why="does not serve this asset")
    try:
        if locked is not None and _is_the_price(locked, given=given, request=request, schedule=schedule):
            sheet = locked
        else:
            sheet = pricing.price(request=request, schedule=schedule)
    except errors.Refused as refused:
        return Priced(given=given, sheet=None, refusal=refused.code, why=refused.detail)
    if not given.eligible:
        return Priced(given=given, sheet=sheet, refusal=UNAVAILABLE, why=given.why)
    refusal = _refusal(given.capability, sheet, wishes)
    return Priced(given=given, sheet=sheet, refusal=refusal, why=IN_CUSTOMERS_HANDS.get(refusal, given.why))


def fee_is_too_high(*, sheet: sheets.FeeSheet, wishes: preferences.Preferences) -> bool:
    """Tell whether the fees are more of the debit than the customer accepts. Exactly as much is accepted."""
    most = wishes.max_fee_percent
    return most is not None and sheet.total.units * 100 > most * sheet.debit.units


def _is_the_price(
    sheet: sheets.FeeSheet, *, given: CandidateInput, request: pricing.PriceRequest, schedule: schedules.Schedule
) -> bool:
    """Tell whether a price of the same wish is this candidate's: made by this schedule, with his own rule.

    A published schedule never changes, so the same rules make the same price.
    """
    amount = sheet.debit if request.side == "source" else sheet.receive
    return (
        sheet.schedule_version == schedule.version
        and amount == request.amount
        and given.provider_fee is None
        and any(
            line.tier == models.Tier.PROVIDER and line.code == given.capability.fee_code and line.rate != rates.QUOTED
            for line in sheet.lines
        )
    )


def _refusal(capability: contract.Capability, sheet: sheets.FeeSheet, wishes: preferences.Preferences) -> str:
    # What the provider itself moves: the whole debit when it collects, what arrives when it pays out.
    moved = sheet.receive if capability.operation is contract.Operation.PAYOUT else sheet.debit
    if moved.units < capability.minimum_units:
        return BELOW_MINIMUM
    if moved.units > capability.maximum_units:
        return ABOVE_MAXIMUM
    return FEE_TOO_HIGH if fee_is_too_high(sheet=sheet, wishes=wishes) else ""
