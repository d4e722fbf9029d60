"""Locks in Redis, for not doing work twice. Correctness never rests on them: the database decides."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from core.kernel import errors
from core.resilience import connections

Unavailable = connections.Unavailable
_rng = random.SystemRandom()
_log = structlog.get_logger(__name__)

# The fencing number is Redis's clock in microseconds, or one more than the last: it rises even after a FLUSHALL.
_ACQUIRE = connections.script("""
    if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
        return false
    end
    local now = redis.call('TIME')
    local fence = now[1] * 1000000 + now[2]
    local last = tonumber(redis.call('GET', KEYS[2]) or '0')
    if fence <= last then fence = last + 1 end
    local text = string.format('%.0f', fence)
    redis.call('SET', KEYS[2], text)
    return text
""")
_RELEASE = connections.script("""
    if redis.call('GET', KEYS[1]) == ARGV[1] then
        return redis.call('DEL', KEYS[1])
    end
    return 0
""")


class Busy(errors.Conflict):
    """Somebody else holds the lock and did not let go in time."""

    default_code = "lock_busy"


@contextmanager
def hold(name: str, *, ttl_s: float, wait_s: float = 0.0) -> Iterator[int]:
    """Hold the lock called ``name``; the value is a fencing number that rises with every holder.

    The lock frees itself after ``ttl_s``, so a holder that dies frees it; work that may last longer must compare the
    fencing number where it writes.
    Raises: Busy after ``wait_s``; Unavailable when Redis is down (the caller decides whether to go on without).
    """
    token = secrets.token_hex(16)
    lock, fence = connections.key(f"lock:{{{name}}}"), connections.key(f"fence:{{{name}}}")
    number = _acquire(lock, fence, token, ttl_s, time.monotonic() + wait_s)
    try:
        yield number
    finally:
        _release(lock, token)


def _acquire(lock: str, fence: str, token: str, ttl_s: float, deadline: float) -> int:
    while True:
        number = _ACQUIRE(keys=[lock, fence], args=[token, max(1, int(ttl_s * 1000))])
        if number is not None:
            return int(number)
        if time.monotonic() >= deadline:
            raise Busy(detail="Somebody else is at it.")
        time.sleep(_rng.uniform(0.01, 0.04))


def _release(lock: str, token: str) -> None:
    try:
        _RELEASE(keys=[lock], args=[token])
    except Unavailable:
        _log.warning("lock.release_failed", lock=lock)
