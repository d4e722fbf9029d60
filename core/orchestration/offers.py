"""What a transaction costs and who would do it: a kind's candidates, judged by quotes and routing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.fees import schedules, sheets
from core.kernel import held
from core.kernel.money import Money
from core.ledger import accounts, queries
from core.orchestration import kinds
from core.orchestration.models import Transaction
from core.providers import guard, health, registry
from core.providers.contract import Capability, Operation
from core.quotes import preferences, preparing
from core.quotes.candidates import CandidateInput
from core.quotes.preparing import NoProvider, Prepared
from core.resilience import breaker
from core.routing import weights

MOMENT_S = 1.0
RECOVERY_MS = 60_000
COVER_SHORT = "has too little cover"
BREAKER_OPEN = "is failing and is being left alone"
_moments: dict[tuple[str, ...], held.Held[Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be priced, and for whom to look: see ``preparing.PriceInputs``."""

    kind: kinds.Kind
    method: str
    side: str
    amount: Money
    wishes: Mapping[str, Any]
    network_fee: Money | None = None
    usd_price: Decimal | None = None
    locked: sheets.FeeSheet | None = None


def prepare(wanted: Wanted, *, without: frozenset[str] = frozenset()) -> Prepared:
    """Return the price of a wish with the best provider that is not in ``without``.

    Raises: what ``preparing.prepare`` raises, among them NoProvider.
    """
    kind = wanted.kind
    candidates = None
    if kind.operation is not None:
        candidates = _candidates(kind.operation, wanted.method, wanted.amount, without)
    inputs = preparing.PriceInputs(
        domain=kind.domain,
        kind=kind.name,
        method=wanted.method,
        side="target" if wanted.side == "target" else "source",
        amount=wanted.amount,
        candidates=candidates,
        preferences=preferences.parse(data=wanted.wishes),
        network_fee=wanted.network_fee,
        usd_price=wanted.usd_price,
        locked=wanted.locked,
    )
    return preparing.prepare(inputs=inputs, schedule=schedules.current(), weights=weights.current())


def provider_for(transaction: Transaction, *, without: frozenset[str]) -> Prepared | None:
    """Return the best provider that does it within the locked price and is not in ``without``, or None."""
    locked = sheets.FeeSheet.from_json(transaction.fees or {})
    usd_price = transaction.terms.get("usd_price")
    wanted = Wanted(
        kind=kinds.of(transaction),
        method=transaction.method,
        side=transaction.side,
        amount=transaction.money,
        wishes=transaction.preferences,
        network_fee=locked.network_estimate,
        usd_price=None if usd_price is None else Decimal(usd_price),
        locked=locked,
    )
    try:
        offer = prepare(wanted, without=without)
    except NoProvider:
        return None
    if without and (offer.sheet.debit > locked.debit or offer.sheet.receive < locked.receive):
        return None
    return offer


def first_ready(*, operation: Operation, method: str, amount: Money, without: frozenset[str]) -> str:
    """Return the first provider that can carry out a leg without a price of its own, or an empty string."""
    for one in _candidates(operation, method, amount, without):
        if one.eligible:
            return one.provider
    return ""


def _candidates(operation: Operation, method: str, amount: Money, without: frozenset[str]) -> list[CandidateInput]:
    return [
        _candidate(adapter.code, operation, capability, amount)
        for adapter, capability in registry.candidates(operation=operation, method=method, asset=amount.asset.code)
        if adapter.code not in without
    ]


def _candidate(provider: str, operation: Operation, capability: Capability, amount: Money) -> CandidateInput:
    why = _why_not(provider, operation, capability, amount)
    return CandidateInput(
        provider=provider,
        capability=capability,
        health=health.snapshot(provider=provider, operation=operation.value).success_rate,
        eligible=not why,
        why=why,
    )


def _why_not(provider: str, operation: Operation, capability: Capability, amount: Money) -> str:
    """Return why a provider cannot take this now, or an empty string. What is looked at is a moment old at most."""
    if not _ready(provider, operation):
        return BREAKER_OPEN
    if capability.needs_cover and _cover(provider, capability.covered_by, amount.asset.code) < amount:
        return COVER_SHORT
    return ""


def _ready(provider: str, operation: Operation) -> bool:
    """An open breaker is left alone until its recovery time is over; then whoever comes is its probe."""
    name = guard.breaker_name(provider=provider, operation=operation.value)

    def look() -> bool:
        view = breaker.view(name=name)
        if view.mode == breaker.Mode.FORCED_OPEN:
            return False
        return view.state == breaker.State.CLOSED or time.time() * 1000 - view.opened_ms >= RECOVERY_MS

    return bool(_moment(("ready", name), look).get())


def _cover(provider: str, wallet: str, asset: str) -> Money:
    """Return what we have at a provider to pay out. The ledger has the last word; this only spares a futile try."""

    def look() -> Money:
        account = accounts.on_chain(wallet, asset) if wallet else accounts.external(provider, "available", asset)
        return -queries.system_balance(account=account)

    cover: Money = _moment(("cover", provider, asset), look).get()
    return cover


def _moment(key: tuple[str, ...], load: Callable[[], Any]) -> held.Held[Any]:
    return _moments.setdefault(key, held.Held(load, seconds=MOMENT_S))
