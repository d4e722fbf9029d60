"""What a provider does later by itself, on the sandbox's clock; durable."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable

from sandbox.engine.clock import Clock
from sandbox.engine.store import Store

_LOG = logging.getLogger(__name__)
_PER_TURN = 200
_LONGEST_SLEEP_S = 3600.0

# Called with the object's id and the moment at which it was due (unix seconds of the sandbox's clock).
Handler = Callable[[str, float], None]


class Timers:
    """Runs each planned step once, in order of its due time. A step due at once runs inside the caller's change."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self._heap: list[tuple[float, int, str, str]] = []
        self._wake: asyncio.TimerHandle | None = None

    def register(self, *, kind: str, handler: Handler) -> None:
        """Say who does steps of this kind."""
        self._handlers[kind] = handler

    def start(self) -> None:
        """Load what was planned before a restart and go on with it."""
        rows = self._store.read("SELECT due_at, id, kind, object_id FROM timers")
        self._heap = [(float(due), int(id_), str(kind), str(object_id)) for due, id_, kind, object_id in rows]
        heapq.heapify(self._heap)
        self.arm()

    def after(self, *, delay_s: float, at: float, kind: str, object_id: str) -> None:
        """Plan a step ``delay_s`` after ``at``. Needs an open change."""
        if delay_s <= 0:
            self._handlers[kind](object_id, at)
            return
        due_at = at + delay_s
        id_ = self._store.write(
            "INSERT INTO timers (due_at, kind, object_id) VALUES (?, ?, ?)", (due_at, kind, object_id)
        )
        self._store.after_commit(lambda: self._push((due_at, id_, kind, object_id)))

    def pending(self) -> int:
        """Return how many steps are planned."""
        return len(self._heap)

    def arm(self) -> None:
        """Set the alarm for the earliest step. Called again after the clock was pushed."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._heap:
            delay_s = min(max(self._heap[0][0] - self._clock.now(), 0.0), _LONGEST_SLEEP_S)
            self._wake = asyncio.get_running_loop().call_later(delay_s, self._run)

    def stop(self) -> None:
        """Run nothing more."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    def _push(self, item: tuple[float, int, str, str]) -> None:
        earliest = not self._heap or item < self._heap[0]
        heapq.heappush(self._heap, item)
        if earliest:
            self.arm()

    def _run(self) -> None:
        self._wake = None
        for _ in range(_PER_TURN):
            if not self._heap or self._heap[0][0] > self._clock.now():
                break
            self._step(heapq.heappop(self._heap))
        self.arm()

    def _step(self, item: tuple[float, int, str, str]) -> None:
        due_at, id_, kind, object_id = item
        try:
            with self._store.change():
                self._handlers[kind](object_id, due_at)
        except Exception:  # noqa: BLE001 - one bad step must not stop the others
            # Nothing of the step was written. It is dropped rather than retried for ever, and says so.
            _LOG.exception("step %s of %s failed and is dropped", kind, object_id)
        self._store.write("DELETE FROM timers WHERE id = ?", (id_,))
