"""Who wants to hear of news. Called after the commit that makes them true; a call that is lost does no harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog

from core.chains.models import ArrivalState
from core.kernel.money import Money

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalView:
    """One incoming transfer that we did not start. ``owner`` is ``customer:<hex>``, ``treasury`` or ``gas``."""

    id: UUID
    chain: str
    tx_hash: str
    log_index: int
    owner: str
    customer_id: UUID | None
    amount: Money
    sender: str
    state: ArrivalState
    block_number: int


Keys = Callable[[Sequence[str]], object]
Arrivals = Callable[[Sequence[ArrivalView]], object]
_operation: list[Keys] = []
_reorged: list[Keys] = []
_arrival: list[Arrivals] = []


def on_operation(fn: Keys) -> None:
    """Add a listener that gets the keys of operations whose state changed."""
    _operation.append(fn)


def on_reorged(fn: Keys) -> None:
    """Add a listener that gets the keys of operations that were in a block and no longer are."""
    _reorged.append(fn)


def on_arrival(fn: Arrivals) -> None:
    """Add a listener that gets arrivals that were seen, became final or vanished."""
    _arrival.append(fn)


def tell_operations(keys: Sequence[str]) -> None:
    _tell(_operation, keys)


def tell_reorged(keys: Sequence[str]) -> None:
    _tell(_reorged, keys)


def tell_arrivals(arrivals: Sequence[ArrivalView]) -> None:
    _tell(_arrival, arrivals)


def _tell(listeners: Sequence[Callable[[Sequence[T]], object]], news: Sequence[T]) -> None:
    if not news:
        return
    for listener in listeners:
        try:
            listener(news)
        except Exception:  # noqa: BLE001 - whatever a listener does, the chain goes on and so do the others
            _log.exception("chains.listener_failed", listener=getattr(listener, "__qualname__", repr(listener)))
