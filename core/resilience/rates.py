"""Rate budgets per key, counted in Redis over a sliding window. Without Redis everything is allowed, and logged."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import limits
import structlog

from core.resilience import connections

_log = structlog.get_logger(__name__)

# A sliding window from two counters: the present window, and the last one in proportion to how much of it still
# counts. One round trip says whether the request fits, what is left, and when the next one fits if this did not.
# The limits library has the same arithmetic, but needs two round trips for the verdict and the figures.
_COUNT = connections.script("""
    local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local index, elapsed = math.floor(now / window), now % window
    local seen = redis.call('HMGET', KEYS[1], 'index', 'now', 'last')
    local gone = index - tonumber(seen[1] or index)
    local count, last = tonumber(seen[2] or 0), tonumber(seen[3] or 0)
    if gone == 1 then count, last = 0, count elseif gone ~= 0 then count, last = 0, 0 end
    local used = last * (window - elapsed) / window + count
    local fits = used + 1 <= limit
    local wait = window - elapsed
    if fits then
        count, used = count + 1, used + 1
        redis.call('HSET', KEYS[1], 'index', index, 'now', count, 'last', last)
        redis.call('PEXPIRE', KEYS[1], 2 * window)
    elseif count + 1 > limit then
        wait = wait + window * (1 - (limit - 1) / count)
    else
        wait = window * (1 - (limit - 1 - count) / last) - elapsed
    end
    return {fits and 1 or 0, math.max(0, math.floor(limit - used)), math.ceil(wait)}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The verdict on one request: ``remaining`` of ``limit`` are left; ask again, or see more, in ``reset_s``."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


def check(key: str, *, limit: str) -> Rate:
    """Count one request against ``key`` and say whether it fits into ``limit``, such as ``10/minute``.

    A refused request is not counted, so a client that keeps asking gets in again once its window has moved on.
    Raises: ValueError for a limit that cannot be read.
    """
    item = _item(limit)
    name = connections.key(f"rate:{key}:{item.amount}/{item.get_expiry()}")
    try:
        fits, remaining, wait_ms = _COUNT(keys=[name], args=[item.amount, item.get_expiry() * 1000])
    except connections.Unavailable as fault:
        if not isinstance(fault, connections.Resting):
            _log.warning("rates.open", key=key, limit=limit, error=fault.detail)
        return Rate(allowed=True, limit=item.amount, remaining=item.amount, reset_s=item.get_expiry())
    return Rate(allowed=fits == 1, limit=item.amount, remaining=remaining, reset_s=max(1, -(-wait_ms // 1000)))


@functools.lru_cache(maxsize=256)
def _item(limit: str) -> limits.RateLimitItem:
    return limits.parse(limit)
