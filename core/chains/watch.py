"""The watcher: one look at a chain at a time, and whoever wants to hear of what was seen.

A look may be broken off anywhere, or be done by two processes at once: what was seen is written block by block, and
everything else is found again by looking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from core.chains.following import arrivals, heads, listeners, settling, waiting
from core.chains.following.listeners import ArrivalView, on_arrival, on_operation, on_reorged
from core.chains.models import Cursor
from core.kernel import errors
from core.resilience import heartbeats

__all__ = ["ArrivalView", "Look", "heartbeat_name", "look", "on_arrival", "on_operation", "on_reorged", "tick"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a chain found and did."""

    followed: heads.Followed
    attended: waiting.Attended
    changed: tuple[str, ...]
    ripened: int


def tick(*, chain: str, go_on: Callable[[], bool] = lambda: True) -> Look:
    """Read new blocks, bring operations to where the blocks say they are, and look after what waits.

    Needs: no open database transaction.
    Raises: Unavailable and its like when the node is away; what was read until then stays.
    """
    followed = heads.follow(chain=chain, go_on=go_on)
    changed = settling.settle(chain=chain, operations=settling.open_operations(chain=chain))
    listeners.tell_operations(changed)
    attended = waiting.attend(chain=chain)
    return Look(followed=followed, attended=attended, changed=tuple(changed), ripened=arrivals.ripen(chain=chain))


def look(*, chain: str, go_on: Callable[[], bool] = lambda: True) -> Look | None:
    """Do as ``tick``, note a sign of life, and survive whatever the node does; None when it could not be done."""
    try:
        seen = tick(chain=chain, go_on=go_on)
    except errors.DiboasError as fault:
        _log.warning("chains.not_followed", chain=chain, error=str(fault))
        Cursor.objects.filter(chain=chain).update(trouble=str(fault)[:300])
        return None
    heartbeats.beat(
        name=heartbeat_name(chain), detail=f"block {seen.followed.head}, {seen.followed.behind} behind the node"
    )
    return seen


def heartbeat_name(chain: str) -> str:
    """Return under which name the watcher of a chain gives its sign of life."""
    return f"chain:{chain}"
