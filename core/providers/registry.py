"""Which providers there are. Domains register theirs at start; everybody else asks here and never tests a name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from core.kernel import errors
from core.providers import states
from core.providers.contract import Adapter, Capability, Operation

Factory = Callable[[], Adapter]


class Candidate(NamedTuple):
    """A provider that can do what is asked, and the capability that says so."""

    adapter: Adapter
    capability: Capability


_lock = threading.RLock()
_factories: dict[str, Factory] = {}
_adapters: dict[str, Adapter] = {}


def register(factory: Factory, *, code: str) -> None:
    """Make a provider known. Its adapter is built at first use, once per process."""
    with _lock:
        _factories[code] = factory
        _adapters.pop(code, None)


def get(code: str) -> Adapter:
    """Return the adapter of one provider.

    Raises: NotFound (``unknown_provider``).
    """
    adapter = _adapters.get(code)
    if adapter is not None:
        return adapter
    with _lock:
        if code not in _factories:
            raise errors.NotFound(code="unknown_provider", detail=f"There is no provider {code[:60]!r}.")
        if code not in _adapters:
            _adapters[code] = _factories[code]()
        return _adapters[code]


def codes() -> list[str]:
    """List the codes of all known providers, in the order of the alphabet."""
    return sorted(_factories)


def candidates(*, operation: Operation, method: str, asset: str) -> list[Candidate]:
    """List who can do this now: able by its capabilities, enabled and not drained. The breaker is not asked here."""
    modes = states.current()
    return [
        Candidate(adapter, capability)
        for adapter in map(get, codes())
        if modes.get(adapter.code, states.Mode.ENABLED) is states.Mode.ENABLED
        for capability in adapter.capabilities
        if capability.operation is operation and capability.method == method and asset in capability.assets
    ]


def capability(*, code: str, operation: Operation, method: str) -> Capability:
    """Return the capability under which this provider does this.

    Raises: NotFound (``unknown_provider``, ``unknown_capability``).
    """
    for found in get(code).capabilities:
        if found.operation is operation and found.method == method:
            return found
    raise errors.NotFound(code="unknown_capability", detail=f"{code} does not {operation.value} by {method}.")


@contextmanager
def replaced(*adapters: Adapter) -> Iterator[None]:
    """Let only these adapters be known, for the length of a test."""
    with _lock:
        kept = (dict(_factories), dict(_adapters))
        _factories.clear()
        _adapters.clear()
        for adapter in adapters:
            _factories[adapter.code] = _always(adapter)
            _adapters[adapter.code] = adapter
    try:
        yield
    finally:
        with _lock:
            _factories.clear()
            _adapters.clear()
            _factories.update(kept[0])
            _adapters.update(kept[1])


def _always(adapter: Adapter) -> Factory:
    return lambda: adapter
