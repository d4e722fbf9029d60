"""Customers, coins, wishes and scripted protocols for tests of DeFi, through the same services as the platform's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core.chains import custody
from core.identity.customers import CustomerView
from core.kernel import assets
from core.kernel.money import Money
from core.ledger import funding, queries
from core.orchestration import accept
from core.orchestration.engine import drain
from core.orchestration.kinds import Request
from core.providers.contract import Order, Query, Report, Stage
from defi.analysis.rays import Index, Rounding
from defi.models import Position
from defi.providers import aave_v3, uniswap_v3
from tests.core.orchestration import fakes, world

USDC = assets.get("USDC:ethereum")
AUSDC = assets.get("AUSDC:ethereum")
ETH = assets.get("ETH:ethereum")
RAY = 10**27
GAS = Money(2_000_000_000_000_000, ETH)
DAY_ONE = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
# The network fee that the fakes' estimate comes to at 3,000 USD for one ether.
NETWORK_FEE = 600_000


def customer(handle: str = "ana", *, units: int = 1_000_000_000, asset: assets.Asset = USDC) -> CustomerView:
    """Make a customer with this many pooled coins."""
    made = world.customer(handle)
    if units:
        grant(made, Money(units, asset))
    return made


def grant(owner: CustomerView, money: Money) -> None:
    key = f"test:{owner.handle}:{money.asset.code}"
    funding.grant(customer_id=owner.id, amount=money, key=key, domain=money.asset.home_domain)


def wish(kind: str, **fields: Any) -> Request:
    """Say what a customer wants: ``amount`` (whole units), ``given``, ``target``, and the kind's own fields."""
    given = fields.pop("given", USDC)
    amount = Money.parse(fields.pop("amount", "1"), given)
    target = fields.pop("target", None)
    preferences: Mapping[str, Any] = fields.pop("preferences", {})
    return Request(
        domain="defi",
        kind=kind,
        side="source",
        amount=amount,
        asset=given,
        method="",
        instrument=None,
        counterparty=None,
        preferences=preferences,
        target_asset=target,
        extras=fields,
    )


def begin(owner: CustomerView, request: Request) -> UUID:
    """Agree, which asks the chain, and then accept, in a transaction of its own."""
    return accept_agreed(owner, accept.agree(request=request, customer_id=owner.id))


def start(owner: CustomerView, amount: str = "500") -> UUID:
    return begin(owner, wish("start_strategy", amount=amount, strategy="aave_v3_usdc"))


def leave(owner: CustomerView, kind: str) -> UUID:
    """Harvest or stop the customer's one position."""
    return begin(owner, wish(kind, position_id=position(owner).public_id))


def agree(owner: CustomerView, kind: str) -> accept.Agreed:
    """Agree on the terms of leaving the customer's one position, without accepting them."""
    return accept.agree(request=wish(kind, position_id=position(owner).public_id), customer_id=owner.id)


def accept_agreed(owner: CustomerView, agreed: accept.Agreed) -> UUID:
    """Accept what was agreed on before."""
    with transaction.atomic():
        return accept.accept(agreed=agreed, origin=world.origin(owner), client_reference=None).id


def swap(owner: CustomerView, amount: str = "300", **fields: Any) -> UUID:
    return begin(owner, wish("swap", **{"amount": amount, "target": ETH, **fields}))


def work() -> int:
    """Drain DeFi until nothing is due."""
    return drain.drain(domain="defi")


def again(transaction_id: UUID, times: int = 1) -> None:
    """Let time pass and work, so many times."""
    for _ in range(times):
        world.due_now(transaction_id)
        work()


def position(owner: CustomerView) -> Position:
    return Position.objects.filter(customer_id=owner.id).latest("id")


def figures(owner: CustomerView) -> dict[str, tuple[int, int]]:
    """Return what a customer has posted and held, by domain, custody and asset, without what is nothing."""
    return {
        f"{view.domain}:{view.custody}:{view.asset}": (view.posted.units, view.held.units)
        for view in queries.balances(customer_id=owner.id)
        if view.posted or view.held
    }


def system() -> dict[str, int]:
    """Return the balances of our own accounts and those outside, without equity and what is nothing."""
    return {
        f"{_without_owner(row.name)} {row.asset}": row.total.units
        for row in queries.trial_balance()
        if row.total and not row.name.startswith(("customers:", "equity"))
    }


def _without_owner(name: str) -> str:
    return "ext:chain:wallet" if name.startswith("ext:chain:wallet:") else name


# Scripted protocols


def treasury() -> fakes.FakeProvider:
    able = tuple(replace(one, needs_cover=False, proof_after_s=0.0) for one in custody.Treasury.capabilities)
    return fakes.FakeProvider(code="treasury", capabilities=able)


def protocol(code: str) -> fakes.FakeProvider:
    adapter = aave_v3.AaveV3 if code == aave_v3.CODE else uniswap_v3.UniswapV3
    able = tuple(replace(one, proof_after_s=0.0) for one in adapter.capabilities)
    return fakes.FakeProvider(code=code, capabilities=able)


def moved(stage: Stage = Stage.SETTLED, *, gas: Money = GAS) -> Callable[[Order | Query], Report]:
    """Report that the treasury moved what it was asked to move."""
    return fakes.said(stage, ref="0xmove", costs=(gas,), facts={"tx_hash": "0xmove"})


def did(
    stage: Stage = Stage.SETTLED, *, received: Money | None = None, gas: Money = GAS, **facts: str
) -> Callable[[Order | Query], Report]:
    """Report what a contract did, as its logs say it."""
    told = {"tx_hash": "0xcall", **facts}
    return fakes.said(stage, ref="0xcall", received=received, costs=(gas,), facts=told, amount=None)


def supplied(units: int, *, index: int = RAY, at: datetime = DAY_ONE) -> Callable[[Order | Query], Report]:
    return did(received=Money(units, AUSDC), **_facts(units, index, at))


def redeemed(
    units: int, received: int, *, index: int = RAY, at: datetime = DAY_ONE
) -> Callable[[Order | Query], Report]:
    return did(received=Money(received, USDC), **_facts(units, index, at))


def _facts(units: int, index: int, at: datetime) -> dict[str, str]:
    return {
        "scaled_units": str(units),
        "liquidity_index": str(index),
        "block_time": str(int(at.timestamp())),
    }


def reserve(index: int = RAY, *, at: datetime = DAY_ONE, **changes: Any) -> aave_v3.Reserve:
    """Return what the pool says, unless changed: open, deep, without a cap, at 5 % a year."""
    said: dict[str, Any] = {
        "index": Index(ray=index, rounding=Rounding.HALF_UP),
        "rate": RAY // 20,
        "available": Money(2_500_000_000_000, USDC),
        "room": None,
        "is_active": True,
        "is_frozen": False,
        "is_paused": False,
        "block_time": at,
    }
    return aave_v3.Reserve(**{**said, **changes})
