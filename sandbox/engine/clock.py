"""The providers' clock: real time plus an offset that can only be pushed forward."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime

from sandbox.engine.store import Store


class Clock:
    """Tells the sandbox's time. Signatures and retries of webhooks use real time, ``wall``."""

    def __init__(self, *, store: Store) -> None:
        self._store = store
        rows = store.read("SELECT value FROM facts WHERE name = 'clock_offset_s'")
        self._offset_s = float(rows[0][0]) if rows else 0.0

    def now(self) -> float:
        """Return the provider's time in unix seconds."""
        return time.time() + self._offset_s

    def wall(self) -> float:
        """Return the real time in unix seconds."""
        return time.time()

    def advance(self, *, seconds: float) -> None:
        """Push the provider's time forward, for good."""
        self._offset_s += seconds
        self._store.write(
            "INSERT INTO facts (name, value) VALUES ('clock_offset_s', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (self._offset_s,),
        )

    def show(self) -> dict[str, object]:
        """Return the clock as the control endpoint shows it."""
        return {"now": iso(self.now()), "now_unix": self.now(), "real": iso(self.wall()), "offset_s": self._offset_s}


def iso(at: float) -> str:
    """Return unix seconds as ISO 8601 in UTC, to the second."""
    return _iso(int(at))


@functools.lru_cache(maxsize=256)
def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
