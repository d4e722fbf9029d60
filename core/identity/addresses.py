"""From which address a request comes, behind as many proxies as the settings say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

from core.kernel import errors


def of_request(request: HttpRequest) -> str:
    """Return the client's address.

    With ``TRUSTED_PROXIES`` = n, the n-th entry from the right of X-Forwarded-For is what the outermost of our own
    proxies saw; everything left of it was written by the client and is not believed.
    """
    proxies: int = settings.TRUSTED_PROXIES
    if proxies:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= proxies and (address := _clean(hops[-proxies])):
            return address
    return _clean(request.META.get("REMOTE_ADDR", "")) or "0.0.0.0"  # noqa: S104 - a value, nothing is bound


def is_allowed(*, address: str, networks: Iterable[str]) -> bool:
    """Say whether ``address`` lies in one of ``networks`` (single addresses or CIDR blocks)."""
    where = ipaddress.ip_address(address)
    return any(where in ipaddress.ip_network(network) for network in networks)


def parse_network(text: str, *, pointer: str) -> str:
    """Return an address or CIDR block in its normal form.

    Raises: InvalidInput (``invalid_address``).
    """
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise errors.InvalidInput(
            code="invalid_address", detail="This is neither an IP address nor a CIDR block.", pointer=pointer
        ) from None


def _clean(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
