"""The positions of a customer, told by the domains: strategies that run, and what coins that are held have cost.

A balance says how much there is; a position says what it is for, what it cost and what it would bring. Each domain
registers one function that answers with all of a customer's positions in one query.

Units whose home domain is ``defi`` (the scaled units of a lending protocol, a liquidity token) are never shown as money
that can be spent: they are a position, worth what its domain says. Other units are balances already, and their position
only explains them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import structlog

from core.kernel import errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger.reading.values import BalanceView

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """One position as its domain tells it.

    ``id`` is public (``pos_…``), empty for one that no domain tells. ``kind`` is ``strategy`` or ``holding``. ``value``
    is what it would bring now, in the asset in which it would come back, before fees; None: its units are worth their
    market price. ``as_of`` is when that was known, ``is_stale`` that its source has failed since. ``cost_basis`` is
    what was paid for what is left of it; ``realised`` what it has brought so far beyond its cost.
    """

    id: str
    domain: str
    kind: str
    name: str
    units: Money
    cost_basis: Money | None = None
    value: Money | None = None
    realised: Money | None = None
    status: str = "active"
    custody: str = "wallet"
    opened_at: datetime | None = None
    as_of: datetime | None = None
    is_stale: bool = False
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All open positions, and the domains that could not tell theirs now."""

    views: tuple[PositionView, ...]
    failed: tuple[str, ...]


Teller = Callable[[UUID], Sequence[PositionView]]
_tellers: dict[str, Teller] = {}


def register(domain: str, fn: Teller) -> None:
    """Let a domain tell its positions, from an ``AppConfig.ready()``: ``fn(customer_id)`` returns all open ones."""
    _tellers[domain] = fn


def forget(domain: str) -> None:
    """Let a domain tell nothing any more. For tests."""
    _tellers.pop(domain, None)


def is_position(asset: Asset) -> bool:
    """Whether units of this asset are an open position, not money."""
    return asset.home_domain == "defi"


def of_customer(*, customer_id: UUID, balances: Sequence[BalanceView]) -> Told:
    """Return the customer's open positions, by domain and then in the domain's order.

    What lies in the books as a position and no domain tells is told here, without a value: it is never left out.
    """
    found = {domain: _told(domain, customer_id) for domain in sorted(_tellers)}
    views = [view for told in found.values() for view in told or ()]
    return Told(
        views=(*views, *_untold(views, balances)),
        failed=tuple(domain for domain, told in found.items() if told is None),
    )


def _told(domain: str, customer_id: UUID) -> Sequence[PositionView] | None:
    try:
        return _tellers[domain](customer_id)
    except errors.DiboasError as error:
        _log.warning("wallet.positions_failed", domain=domain, code=error.code, detail=error.detail)
        return None


def _untold(told: Sequence[PositionView], balances: Sequence[BalanceView]) -> list[PositionView]:
    """Return what is left of the position units in the books when those that are told are taken away."""
    rest = {_place(each.domain, each.custody, each.asset): each.posted for each in balances if _is_open(each)}
    for view in told:
        place = _place(view.domain, view.custody, view.units.asset.code)
        if place in rest:
            rest[place] -= view.units
    return [
        PositionView(
            id="",
            domain=domain,
            kind="strategy",
            name=units.asset.symbol,
            units=units,
            custody=custody,
            is_stale=True,
        )
        for (domain, custody, _), units in rest.items()
        if units.units > 0
    ]


def _place(domain: str, custody: str, code: str) -> tuple[str, str, str]:
    return domain, custody, code


def _is_open(balance: BalanceView) -> bool:
    return is_position(balance.posted.asset) and bool(balance.posted)
