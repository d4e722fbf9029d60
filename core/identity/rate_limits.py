"""How often a customer may call what: rate classes are rows, kept in memory for a few seconds."""

from __future__ import annotations

import time

from core.identity import models


class RateLimits:
    """The limits of all rate classes, read again from the database every few seconds."""

    FRESH_S = 5.0
    FALLBACK = "300/minute"

    def __init__(self) -> None:
        self._limits: dict[tuple[str, str], str] = {}
        self._read_at = -self.FRESH_S

    def find(self, *, rate_class: str, scope: str) -> str:
        """Return the limit of ``scope``, or that of ``default``, in this class or in ``standard``."""
        if time.monotonic() - self._read_at >= self.FRESH_S:
            self._read()
        for key in ((rate_class, scope), (rate_class, "default"), ("standard", scope), ("standard", "default")):
            if limit := self._limits.get(key):
                return limit
        return self.FALLBACK

    def forget(self) -> None:
        """Read the table again on the next question."""
        self._read_at = -self.FRESH_S

    def _read(self) -> None:
        rows = models.RateClass.objects.values_list("code", "scope", "limit")
        self._limits = {(code, scope): limit for code, scope, limit in rows}
        self._read_at = time.monotonic()


rate_limits = RateLimits()
