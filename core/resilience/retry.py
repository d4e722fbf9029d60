"""When to try again, and when to stop: base 1 s, factor 2, full jitter, cap 10 s, three tries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, OperationalError, connection, transaction

from core.kernel import errors

T = TypeVar("T")
BASE_S = 1.0
FACTOR = 2
CAP_S = 10.0
MAX_TRIES = 3
_RETRIED = frozenset({errors.Severity.MEDIUM, errors.Severity.HIGH})
_LOST_RACES = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected


def delay_s(*, tries: int, rng: random.Random, cap_s: float = CAP_S) -> float:
    """Return how long to wait after ``tries`` failed tries: anything from nothing to the doubled base, evenly.

    Units: seconds.
    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (full jitter).
    """
    exponent = min(max(tries, 1) - 1, 30)
    return rng.uniform(0, min(cap_s, BASE_S * FACTOR**exponent))


def may_retry(*, error: Exception, tries: int) -> bool:
    """Return whether an error after ``tries`` tries deserves another.

    A LOW error is an answer and a CRITICAL one needs a person; neither gets better by repeating.
    """
    if not isinstance(error, errors.DiboasError) or tries >= MAX_TRIES:
        return False
    return error.retryable and error.severity in _RETRIED


def unit_of_work(*, work: Callable[[], T], rng: random.Random, tries: int = 5) -> T:
    """Run ``work`` in a transaction of its own, and the whole of it again when it lost a deadlock or a race.

    Needs: no open transaction: what came before it in one could not be repeated.
    Raises: SystemFault inside a transaction; the database's error when the tries are used up.
    """
    if connection.in_atomic_block:
        raise errors.SystemFault(detail="A unit of work that may be repeated cannot start inside a transaction.")
    for attempt in range(1, tries):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as fault:
            if not lost_race(error=fault):
                raise
            time.sleep(rng.uniform(0, 0.01 * 2**attempt))
    with transaction.atomic():
        return work()


def lost_race(*, error: DatabaseError) -> bool:
    """Return whether the database gave up on a transaction only because another was in its way."""
    return getattr(error.__cause__, "sqlstate", None) in _LOST_RACES
