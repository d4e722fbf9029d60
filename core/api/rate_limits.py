"""Rate limits of requests: which limit counts for whom, and what the caller is told about it.

Source: draft-ietf-httpapi-ratelimit-headers-10 for the two headers.
"""

from __future__ import annotations

from dataclasses import dataclass

from rest_framework import exceptions

from core.identity.principals import Principal
from core.identity.rate_limits import rate_limits
from core.resilience import rates

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class TooManyRequests(exceptions.APIException):
    """The budget of this scope is used up. HTTP 429 with Retry-After."""

    status_code = 429
    default_code = "rate_limited"
    default_detail = "Too many requests. Wait as long as Retry-After says."


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is left of a scope after this request was counted."""

    scope: str
    window_s: int
    rate: rates.Rate

    @property
    def headers(self) -> dict[str, str]:
        """The headers for the answer; Retry-After only where the request was refused."""
        shown = {
            "RateLimit-Policy": f'"{self.scope}";q={self.rate.limit};w={self.window_s}',
            "RateLimit": f'"{self.scope}";r={self.rate.remaining};t={self.rate.reset_s}',
        }
        if not self.rate.allowed:
            shown["Retry-After"] = str(max(1, self.rate.reset_s))
        return shown


def of_principal(principal: Principal, *, scope: str) -> Budget:
    """Count one request of a customer or member of staff against ``scope`` of his rate class."""
    limit = rate_limits.find(rate_class=principal.rate_class, scope=scope)
    return _count(key=f"{scope}:{principal.actor}", scope=scope, limit=limit)


def of_address(address: str, *, scope: str, limit: str) -> Budget:
    """Count one request from ``address``, where nobody is signed in yet."""
    return _count(key=f"{scope}:{address}", scope=scope, limit=limit)


def _count(*, key: str, scope: str, limit: str) -> Budget:
    window = _SECONDS[limit.rpartition("/")[2]]
    return Budget(scope=scope, window_s=window, rate=rates.check(f"api:{key}", limit=limit))
