"""The process's one connection to the Redis of locks, marks and counters. All that it holds may be lost at any time."""

from __future__ import annotations

import functools
import hashlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

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


def command(*words: str | int) -> Any:
    """Send one command over this thread's own connection: a third of what the client's pool and wrappers cost.

    Raises: Unavailable.
    """
    return ask(lambda _: _exchange(url(), words))


def script(source: str) -> Callable[..., Any]:
    """Return a Lua script as a function of ``keys`` and ``args``; sent by its hash, loaded again when it was lost.

    Raises: Unavailable, when called.
    """

    digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(*, keys: list[str], args: list[str | int]) -> Any:
        return ask(lambda _: _evaluate(url(), source, digest, (len(keys), *keys, *args)))

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


def _evaluate(address: str, source: str, digest: str, rest: tuple[str | int, ...]) -> Any:
    try:
        return _exchange(address, ("EVALSHA", digest, *rest))
    except redis.exceptions.NoScriptError:
        return _exchange(address, ("EVAL", source, *rest))


def _exchange(address: str, words: tuple[str | int, ...]) -> Any:
    """Ask and read the answer; once more over a new connection when the kept one had died."""
    line = _line(address)
    try:
        return _say(line, words)
    except redis.ConnectionError:
        return _say(line, words)


def _say(line: Any, words: tuple[str | int, ...]) -> Any:
    try:
        line.send_command(*words)
        return line.read_response()
    except redis.ResponseError:
        raise
    except BaseException:
        # An answer that was not read would be taken for that of the next question.
        line.disconnect()
        raise


def _line(address: str) -> Any:
    """Return this thread's connection; a forked process makes its own."""
    place = (address, os.getpid())
    line = _lines.kept.get(place)
    if line is None:
        line = _lines.kept[place] = _client(address).connection_pool.make_connection()
    return line


class _Lines(threading.local):
    """The connections of one thread, by address and process."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Any] = {}


_lines = _Lines()
