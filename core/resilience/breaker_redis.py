"""A breaker's live state in Redis: one hash, changed by one script, so that every process sees one truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from core.resilience import connections
from core.resilience.breaker_machine import Memory, Move, Op, Policy

_LUA = Path(__file__).resolve().parent / "lua"
_STEP = connections.script((_LUA / "breaker.lua").read_text())
_RESTORE = connections.script((_LUA / "breaker_restore.lua").read_text())
_FIELDS = ("state", "mode", "failures", "opened_ms", "probe_until_ms", "probe_token", "version")


def apply(*, name: str, op: Op, token: str, policy: Policy) -> Move | None:
    """Put one question to the breaker, in one round trip; None when Redis knows nothing of it.

    Raises: connections.Unavailable.
    """
    args = [op.value, token, policy.threshold, policy.open_ms, policy.probe_ms]
    found = _STEP(keys=[_key(name)], args=args)
    if found is None:
        return None
    return Move(allowed=found[0] == 1, before=found[1], memory=_memory(found[2:]))


def restore(*, name: str, memory: Memory) -> bool:
    """Write what the database remembers, unless Redis has the same version; return whether Redis knows a newer one.

    Raises: connections.Unavailable.
    """
    return bool(_RESTORE(keys=[_key(name)], args=[getattr(memory, field) for field in _FIELDS]) == 1)


def load(*, name: str) -> Memory | None:
    """Return the live state, None when there is none.

    Raises: connections.Unavailable.
    """
    found = cast("list[str | None]", connections.command("HMGET", _key(name), *_FIELDS))
    return None if found[0] is None else _memory([value or "" for value in found])


def _key(name: str) -> str:
    return connections.key(f"breaker:{name}")


def _memory(values: Sequence[str]) -> Memory:
    state, mode, failures, opened_ms, probe_until_ms, probe_token, version = values
    return Memory(
        state=state,
        mode=mode,
        failures=int(failures),
        opened_ms=int(opened_ms),
        probe_until_ms=int(probe_until_ms),
        probe_token=probe_token,
        version=int(version),
    )
