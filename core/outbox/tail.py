"""Which streams have news: the end of the rows, read by id with an overlap, because a commit may come late."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from core.resilience import statements

_NEWS = """
    SELECT customer_id, channel, max(seq), (extract(epoch FROM max(created_at)) * 1000)::bigint
    FROM outbox_streamrow WHERE id > %s GROUP BY customer_id, channel
"""
# How far a look goes back, in milliseconds: most commits are seen at once, late ones by the rarer looks.
CLOSE, NARROW, WIDE = 60, 300, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The channels of one customer in which something is new."""

    customer_id: UUID
    channels: tuple[str, ...]


class Tail:
    """Remembers what it has told of each stream; telling twice is harmless, and after a restart it happens."""

    def __init__(self) -> None:
        self._told: dict[tuple[UUID, str], tuple[int, int]] = {}
        self._newest = 0

    def look(self, *, back: int = NARROW) -> list[News]:
        """Return what is new, looking ``back`` milliseconds over what may have been committed late."""
        self._newest = self._newest or _now()
        found = statements.fetch(_NEWS, [_floor(self._newest - back)])
        fresh: dict[UUID, list[str]] = defaultdict(list)
        for customer_id, channel, seq, at in found:
            if self._told.get((customer_id, channel), (0, at))[0] < seq:
                fresh[customer_id].append(channel)
            self._told[customer_id, channel] = (seq, at)
            self._newest = max(self._newest, at)
        if back >= WIDE:
            self._forget()
        return [News(customer_id=customer_id, channels=tuple(names)) for customer_id, names in fresh.items()]

    def untold(self, *, news: News) -> None:
        """Take back that this was told, so that the next look finds it again."""
        for channel in news.channels:
            self._told.pop((news.customer_id, channel), None)

    def _forget(self) -> None:
        """Drop what no look can find any more."""
        limit = self._newest - 2 * WIDE
        self._told = {stream: told for stream, told in self._told.items() if told[1] > limit}


def _now() -> int:
    ((now,),) = statements.fetch("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    return int(now)


def _floor(millis: int) -> UUID:
    """Return the smallest id of that moment: ids begin with milliseconds."""
    return UUID(int=millis << 80)
