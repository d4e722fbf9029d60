"""Calls that must carry a rising nonce take turns: one at a time per key, across all processes.

A number alone would not do: Kraken refuses what arrives with a nonce that is not above the last one, so it must be
drawn, sent and answered before the next one is drawn. The lock's fencing number is the nonce: microseconds of Redis's
clock, or one more than the last. It also proves something: once a later nonce was accepted, an earlier request that is
still on its way can never be executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from core.providers import contract
from core.resilience import locks

Turns = Callable[[], AbstractContextManager[int]]

# Longer than a call may take (http.Limits), so that a turn never ends while its call is out.
TURN_S = 20.0
WAIT_S = 15.0


def of(*, provider: str, api_key: str) -> Turns:
    """Return the turns of one key. Each is a context manager whose value is the nonce.

    Raises, on entering: Unavailable when nothing may be sent: it is never this caller's turn, or Redis is down.
    """
    name = f"nonce:{provider}:{hashlib.sha256(api_key.encode()).hexdigest()[:16]}"
    return lambda: _turn(name)


@contextmanager
def _turn(name: str) -> Iterator[int]:
    with ExitStack() as stack:
        try:
            nonce = stack.enter_context(locks.hold(name, ttl_s=TURN_S, wait_s=WAIT_S))
        except (locks.Busy, locks.Unavailable) as error:
            raise contract.Unavailable(code="nonce_unavailable", detail=f"No turn: {error.code}.") from error
        yield nonce
