"""Circuit breakers that all processes share. Redis holds the state, the database remembers it when Redis forgets.

Five failures in a row open a breaker; after a minute one caller, across all processes, may try; its success closes
the breaker and its failure opens it again. A decline is an answer, so it counts as a success; what is our own fault
(a bad request) is not reported at all. Both are the caller's duty.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import structlog

from core.resilience import breaker_memory, breaker_redis, connections
from core.resilience.breaker_machine import Memory, Move, Op, Policy
from core.resilience.models import BreakerState

State = BreakerState.State
Mode = BreakerState.Mode
SYNC_EVERY_S = 5.0
_synced_at: dict[tuple[str, str], float] = {}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a screen shows of a breaker."""

    name: str
    state: str
    mode: str
    failures: int
    opened_ms: int


class Breaker:
    """The breaker of one provider and operation, for one call: make a new one for each call, they cost nothing.

    Needs: no open transaction, else a change of state is lost with its rollback.
    """

    def __init__(self, name: str, *, policy: Policy | None = None) -> None:
        self.name = name
        self._policy = policy or Policy()
        self._token = secrets.token_hex(8)
        self._is_well = False

    def allow(self) -> bool:
        """Return whether a call may be made now. When half open exactly one caller gets True: the probe."""
        move = self._apply(Op.ALLOW)
        self._is_well = move.memory.state == State.CLOSED and move.memory.failures == 0
        return move.allowed

    def success(self) -> None:
        """Say that the provider answered, be it with a decline. Free when there was nothing to forget."""
        if not self._is_well:
            self._apply(Op.SUCCESS)

    def failure(self) -> None:
        """Say that the provider could not be reached, failed or was silent."""
        self._apply(Op.FAILURE)

    def state(self) -> str:
        """Return ``closed``, ``open`` or ``half_open``; a forced breaker is what it is held to."""
        return view(name=self.name).state

    def force_open(self, *, actor: str, reason: str) -> None:
        """Refuse every call until told otherwise."""
        self._force(Mode.FORCED_OPEN, actor, reason)

    def force_closed(self, *, actor: str, reason: str) -> None:
        """Let every call pass until told otherwise, whatever fails."""
        self._force(Mode.FORCED_CLOSED, actor, reason)

    def auto(self, *, actor: str, reason: str) -> None:
        """Let failures decide again, starting closed."""
        self._force(Mode.AUTO, actor, reason)

    def _apply(self, op: Op) -> Move:
        try:
            self._sync_now_and_then()
            move = breaker_redis.apply(name=self.name, op=op, token=self._token, policy=self._policy)
            if move is None:
                self._restore()
                move = breaker_redis.apply(name=self.name, op=op, token=self._token, policy=self._policy)
        except connections.Unavailable:
            _synced_at.pop(self._sync_key, None)
            return breaker_memory.apply(name=self.name, op=op, token=self._token, policy=self._policy)
        if move is None:
            return breaker_memory.apply(name=self.name, op=op, token=self._token, policy=self._policy)
        if move.changed:
            breaker_memory.save(name=self.name, move=move)
        return move

    def _sync_now_and_then(self) -> None:
        """Look whether the database knows better: Redis may have been down, or is back with an old state."""
        if time.monotonic() - _synced_at.get(self._sync_key, -SYNC_EVERY_S) >= SYNC_EVERY_S:
            self._restore()

    def _restore(self) -> None:
        stored = breaker_memory.load(name=self.name)
        if breaker_redis.restore(name=self.name, memory=stored):
            self._catch_up(stored)
        _synced_at[self._sync_key] = time.monotonic()

    def _catch_up(self, stored: Memory) -> None:
        """Write down a change whose process died between Redis and the database."""
        live = breaker_redis.load(name=self.name)
        if live is not None:
            breaker_memory.save(name=self.name, move=Move(allowed=True, before=stored.state, memory=live))

    def _force(self, mode: Mode, actor: str, reason: str) -> None:
        known = _current(self.name)
        memory = breaker_memory.force(name=self.name, mode=mode, actor=actor, reason=reason, known=known)
        try:
            breaker_redis.restore(name=self.name, memory=memory)
        except connections.Unavailable:
            _log.warning("breaker.forced_without_redis", breaker=self.name)

    @property
    def _sync_key(self) -> tuple[str, str]:
        return (connections.url(), self.name)


def view(*, name: str) -> View:
    """Return what is known of a breaker; one that was never used is closed."""
    memory = _current(name)
    held = {Mode.FORCED_OPEN.value: State.OPEN.value, Mode.FORCED_CLOSED.value: State.CLOSED.value}
    state = held.get(memory.mode, memory.state)
    return View(name=name, state=state, mode=memory.mode, failures=memory.failures, opened_ms=memory.opened_ms)


def _current(name: str) -> Memory:
    stored = breaker_memory.load(name=name)
    try:
        live = breaker_redis.load(name=name)
    except connections.Unavailable:
        return stored
    return live if live is not None and live.version >= stored.version else stored
