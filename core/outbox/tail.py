"""Which streams have news: the end of the rows, read by id with an overlap, because a commit may come late."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from core.resilience import statements

_NEWS = """
    SELECT customer_id, channel, max(seq), max(created_at) FROM outbox_streamrow WHERE id > %s
    GROUP BY customer_id, channel
"""
NARROW = timedelta(milliseconds=300)
WIDE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The channels of one customer in which something is new."""

    customer_id: UUID
    channels: tuple[str, ...]


class Tail:
    """Remembers what it has told of each stream; telling twice is harmless, and after a restart it happens."""

    def __init__(self) -> None:
        self._told: dict[tuple[UUID, str], tuple[int, datetime]] = {}
        self._newest: datetime | None = None

    def look(self, *, wide: bool = False) -> list[News]:
        """Return what is new; looks back over what may have been committed late, further when ``wide``."""
        if self._newest is None:
            self._newest = _now()
        found = statements.fetch(_NEWS, [_floor(self._newest - (WIDE if wide else NARROW))])
        fresh: dict[UUID, list[str]] = defaultdict(list)
        for customer_id, channel, seq, at in found:
            if self._told.get((customer_id, channel), (0, at))[0] < seq:
                fresh[customer_id].append(channel)
            self._told[customer_id, channel] = (seq, at)
            self._newest = max(self._newest, at)
        if wide:
            self._forget()
        return [News(customer_id=customer_id, channels=tuple(names)) for customer_id, names in fresh.items()]

    def untold(self, *, news: News) -> None:
        """Take back that this was told, so that the next look finds it again."""
        for channel in news.channels:
            self._told.pop((news.customer_id, channel), None)

    def _forget(self) -> None:
        """Drop what no look can find any more."""
        assert self._newest is not None  # noqa: S101 - set by the look that calls this
        limit = self._newest - 2 * WIDE
        self._told = {stream: told for stream, told in self._told.items() if told[1] > limit}


def _now() -> datetime:
    ((now,),) = statements.fetch("SELECT clock_timestamp()")
    return cast("datetime", now)


def _floor(at: datetime) -> UUID:
    """Return the smallest id of that moment: ids begin with milliseconds."""
    millis = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=millis << 80)
