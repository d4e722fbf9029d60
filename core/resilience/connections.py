"""The process's one connection to the Redis of locks, marks and counters. All that it holds may be lost at any time."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.kernel import errors

T = TypeVar("T")
TIMEOUT_S = 0.5
_REST_S = 1.0
_rested_at: dict[str, float] = {}


class Unavailable(errors.ConnectionFault):
    """Redis does not answer. Correctness never rests on it, so the caller goes on without."""

    default_code = "redis_unavailable"


class Resting(Unavailable):
    """Redis failed less than a second ago and is not asked again yet. Not worth a line in the log each time."""


def url() -> str:
    """Return the address in force, read at each use so that a test can point elsewhere."""
    address: str = settings.REDIS_LOCKS_URL
    return address


def key(name: str) -> str:
    """Return the name of a key of this installation, so that two can share one server."""
    instance = getattr(settings, "INSTANCE", "")
    return f"diboas:{instance}:{name}" if instance else f"diboas:{name}"


def client() -> redis.Redis:
    """Return the shared client: short timeouts, and one immediate second try when a kept connection had died."""
    return _client(url())


def ask(question: Callable[[redis.Redis], T]) -> T:
    """Put a question to Redis.

    After a failure Redis rests for a second, in which nobody here waits for it.
    Raises: Unavailable.
    """
    address = url()
    if time.monotonic() < _rested_at.get(address, 0.0):
        raise Resting(detail="Redis failed a moment ago.")
    try:
        return question(_client(address))
    except redis.RedisError as fault:
        _rested_at[address] = time.monotonic() + _REST_S
        raise Unavailable(detail=f"{type(fault).__name__}: {fault}") from fault


def script(source: str) -> Callable[..., Any]:
    """Return a Lua script as a function of ``keys`` and ``args``; sent by its hash, loaded again when it was lost.

    Raises: Unavailable, when called.
    """

    def run(*, keys: list[str], args: list[str | int]) -> Any:
        return ask(lambda _: _script(url(), source)(keys=keys, args=args))

    return run


@functools.lru_cache(maxsize=8)
def _client(address: str) -> redis.Redis:
    return redis.Redis.from_url(
        address,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


@functools.lru_cache(maxsize=64)
def _script(address: str, source: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", _client(address).register_script(source))
