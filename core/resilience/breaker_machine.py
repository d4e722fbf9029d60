"""What a breaker does, as a pure function. The Lua script does the same in Redis; a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"
AUTO, FORCED_OPEN, FORCED_CLOSED = "auto", "forced_open", "forced_closed"


class Op(StrEnum):
    """What is asked of a breaker."""

    ALLOW = "allow"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When to open, for how long, and how long a probe may take before another is let through."""

    threshold: int = 5
    open_ms: int = 60_000
    probe_ms: int = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All that a breaker remembers. ``version`` rises with every change of state or mode."""

    state: str = CLOSED
    mode: str = AUTO
    failures: int = 0
    opened_ms: int = 0
    probe_until_ms: int = 0
    probe_token: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The answer to one question: may the call be made, and what the breaker remembers before and after."""

    allowed: bool
    before: str
    memory: Memory

    @property
    def changed(self) -> bool:
        return self.before != self.memory.state


def step(*, memory: Memory, op: Op, now_ms: int, token: str, policy: Policy) -> Move:
    """Return the breaker's answer and what it remembers from now on.

    ``token`` names the caller: only the caller who got the probe decides a half-open breaker. News of calls that
    began before the breaker opened changes nothing.
    """
    if op is Op.ALLOW:
        return _allow(memory, now_ms, token, policy)
    if memory.state == HALF_OPEN and memory.probe_token == token:
        if op is Op.SUCCESS:
            return _move(memory, state=CLOSED, failures=0, probe_token="")
        return _move(memory, state=OPEN, opened_ms=now_ms, probe_token="")
    if memory.state != CLOSED:
        return _stay(memory)
    if op is Op.SUCCESS:
        return _stay(replace(memory, failures=0))
    failures = memory.failures + 1
    if failures >= policy.threshold:
        return _move(memory, state=OPEN, opened_ms=now_ms, failures=failures)
    return _stay(replace(memory, failures=failures))


def _allow(memory: Memory, now_ms: int, token: str, policy: Policy) -> Move:
    if memory.mode != AUTO:
        return _stay(memory, allowed=memory.mode == FORCED_CLOSED)
    if memory.state == CLOSED:
        return _stay(memory)
    until = now_ms + policy.probe_ms
    if memory.state == OPEN and now_ms >= memory.opened_ms + policy.open_ms:
        return _move(memory, state=HALF_OPEN, probe_until_ms=until, probe_token=token)
    if memory.state == HALF_OPEN and now_ms >= memory.probe_until_ms:
        return _stay(replace(memory, probe_until_ms=until, probe_token=token))
    return _stay(memory, allowed=False)


def _stay(memory: Memory, *, allowed: bool = True) -> Move:
    return Move(allowed=allowed, before=memory.state, memory=memory)


def _move(memory: Memory, **changes: str | int) -> Move:
    after = replace(memory, version=memory.version + 1, **changes)  # type: ignore[arg-type]  # fields of Memory
    return Move(allowed=True, before=memory.state, memory=after)
