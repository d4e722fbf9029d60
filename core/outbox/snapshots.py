"""What a channel of the live feed starts with, and how its rows are completed. Its matter's owner registers it here.

The registry lies low so that the packages that know a channel's matter (orchestration, wallet, notifications) and the
one that serves the feed (realtime) need not know one another. A channel exists if and only if it is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.kernel import errors

Json = dict[str, object]
# Whose streams those of public channels are.
PUBLIC = UUID(int=0)
Snapshot = Callable[[UUID, Mapping[str, object]], list[Json]]
Complete = Callable[[Sequence[tuple[UUID, Json]]], list[Json]]


class UnknownChannel(errors.NotFound):
    """There is no such channel."""

    default_code = "unknown_channel"


@dataclass(frozen=True, slots=True)
class Source:
    """How one channel is served.

    ``snapshot(customer_id, params)`` returns the present state as a list of objects. ``complete(rows)`` gets the
    (customer, data) of many rows, of many customers, and returns the data to send in the same order; it adds what is
    better read now than written in the commit (the figures of a balance). A channel that ``is_public`` has one stream
    for all.
    """

    snapshot: Snapshot
    complete: Complete | None = None
    is_public: bool = False


_sources: dict[str, Source] = {}


def register(channel: str, snapshot: Snapshot, *, complete: Complete | None = None, is_public: bool = False) -> None:
    """Open a channel. To be called from ``AppConfig.ready()``; the last registration of a name wins."""
    _sources[channel] = Source(snapshot, complete, is_public)


def get(channel: str) -> Source:
    """Return how this channel is served.

    Raises: UnknownChannel.
    """
    try:
        return _sources[channel]
    except KeyError:
        raise UnknownChannel(detail=f"There is no channel {channel[:40]!r}.") from None


def channels() -> list[str]:
    """Return the names of all open channels, sorted."""
    return sorted(_sources)


def forget(channel: str) -> None:
    """Close a channel. For tests that open one."""
    _sources.pop(channel, None)
