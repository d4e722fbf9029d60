"""What a kind tells the projector of its position, which is written in the same commit as the postings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.kernel.money import Money
from core.orchestration.kinds import Deed
from core.orchestration.models import Transaction
from core.providers.contract import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One thing that happened to a position. Units are differences; ``owed`` and the times stand for what is now.

    ``at`` is the chain's own time, ``managed_until`` up to when the management fee is settled.
    """

    event: str
    units: int = 0
    cost: int = 0
    realised: int = 0
    fees: int = 0
    owed: int | None = None
    index: int | None = None
    at: datetime | None = None
    managed_until: datetime | None = None


def opened(*, paid: Money, units: Money, report: Report) -> Deed:
    """It is in: so many units for so much."""
    return _told(Telling(event="opened", units=units.units, cost=paid.units, index=_index(report), at=_at(report)))


def abandoned() -> Deed:
    """It never came to be."""
    return _told(Telling(event="abandoned"))


def closing() -> Deed:
    """All of it is about to be taken out."""
    return _told(Telling(event="closing"))


def kept() -> Deed:
    """Nothing was taken out of it after all."""
    return _told(Telling(event="kept"))


def harvested(*, units: Money, earned: Money, report: Report) -> Deed:
    """The yield was taken out; what was put in stays in."""
    return _told(Telling(event="harvested", units=-units.units, realised=earned.units, index=_index(report)))


def redeemed(*, units: Money, cost: Money, earned: Money, report: Report) -> Deed:
    """All of it was taken out."""
    return _told(
        Telling(event="redeemed", units=-units.units, cost=-cost.units, realised=earned.units, index=_index(report))
    )


def collected(*, transaction: Transaction, results: Mapping[str, Any]) -> Deed:
    """The yield is home, and we took our part."""
    return _told(_home("collected", transaction, results))


def closed(*, transaction: Transaction, results: Mapping[str, Any]) -> Deed:
    """Everything is home, and it is over."""
    return _told(_home("closed", transaction, results))


def _home(event: str, transaction: Transaction, results: Mapping[str, Any]) -> Telling:
    return Telling(
        event=event,
        fees=int(results["performance_fee"]) + int(results["management_fee"]),
        owed=int(results["management_owed"]),
        managed_until=datetime.fromisoformat(transaction.terms["managed_until"]),
    )


def _index(report: Report) -> int | None:
    return int(report.facts["liquidity_index"]) if "liquidity_index" in report.facts else None


def _at(report: Report) -> datetime | None:
    return datetime.fromtimestamp(int(report.facts["block_time"]), tz=UTC) if "block_time" in report.facts else None


def _told(telling: Telling) -> Deed:
    return Deed(notes=(telling,))
