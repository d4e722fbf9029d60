"""The seam between the engine and one pretend provider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.engine.values import Answer, Json, Request
from sandbox.faults.scripts import Script


class Refused(Exception):
    """The provider's own error answer; nothing that the call wrote is kept."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"refused with {answer.status}")


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to a provider, authenticated, routed and decoded.

    ``operation`` is the word of fault scripts; ``names`` are the values in the path; ``resource_id`` is set by the
    handler to what it made; ``magic`` is what a magic amount asks for.
    """

    request: Request
    operation: str
    handler: Callable[[Call], Answer]
    names: tuple[str, ...]
    params: Json
    key: str = ""
    fingerprint: bytes = b""
    amount: int | None = None
    references: tuple[str, ...] = ()
    request_id: str = ""
    resource_id: str = ""
    magic: Script | None = None
    expand: list[str] = field(default_factory=list)


class Provider(Protocol):
    """What a provider does for the pipeline. Nothing here awaits."""

    code: str

    def open(self, request: Request) -> Call:
        """Return the call, or raise Refused: bad key, no such path, not decodable."""

    def run(self, call: Call) -> Answer:
        """Execute inside the open change and remember the answer under the call's key."""

    def broken(self, call: Call, *, status: int) -> Answer:
        """Return and remember, under the call's key, an error of the provider's own that did nothing."""

    def replay(self, call: Call) -> Answer | None:
        """Return what the call's key was answered before, or None; raise Refused for another request's key."""

    def in_progress(self, call: Call) -> Answer:
        """Return the answer while the same key is being worked on."""

    def failure(self, *, status: int, call: Call) -> Answer:
        """Return an error of the provider's edge, where nothing was executed or remembered."""

    def rate_limited(self, *, retry_after_s: int, call: Call) -> Answer:
        """Return the provider's 429."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint: ``pattern`` has ``{}`` for each name in the path."""

    method: str
    pattern: str
    operation: str
    handler: Callable[[Call], Answer]


class Routes:
    """Finds the route of a path by its segments."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            segments = route.pattern.split("/")
            self._routes.setdefault((route.method, len(segments)), []).append((segments, route))

    def find(self, *, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """Return the route and the names in the path, or None."""
        segments = path.split("/")
        for pattern, route in self._routes.get((method, len(segments)), []):
            if all(want in ("{}", got) for want, got in zip(pattern, segments, strict=True)):
                return route, tuple(got for want, got in zip(pattern, segments, strict=True) if want == "{}")
        return None
