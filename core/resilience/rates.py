"""Rate budgets per key, counted in Redis over a sliding window. Without Redis everything is allowed, and logged."""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass

import limits
import redis
import structlog
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from core.resilience import connections

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The verdict on one request: ``remaining`` of ``limit`` are left, and all again in ``reset_s`` seconds."""

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
    try:
        allowed, stats = connections.ask(lambda client: _hit(client, item, key))
    except connections.Unavailable as fault:
        _log.warning("rates.open", key=key, limit=limit, error=fault.detail)
        return Rate(allowed=True, limit=item.amount, remaining=item.amount, reset_s=item.get_expiry())
    reset_s = max(1, math.ceil(stats.reset_time - time.time()))
    return Rate(allowed=allowed, limit=item.amount, remaining=stats.remaining, reset_s=reset_s)


def _hit(client: redis.Redis, item: limits.RateLimitItem, key: str) -> tuple[bool, limits.WindowStats]:
    limiter = _limiter(client)
    return limiter.hit(item, key), limiter.get_window_stats(item, key)


@functools.lru_cache(maxsize=256)
def _item(limit: str) -> limits.RateLimitItem:
    return limits.parse(limit)


@functools.lru_cache(maxsize=8)
def _limiter(client: redis.Redis) -> SlidingWindowCounterRateLimiter:
    storage = RedisStorage(
        connections.url(), connection_pool=client.connection_pool, key_prefix=connections.key("rate")
    )
    return SlidingWindowCounterRateLimiter(storage)
