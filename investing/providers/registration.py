"""Builds the adapters from the settings and makes them known: the door between configuration and stateless adapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.conf import settings

from core.kernel import clock
from core.providers import registry
from investing.providers import turns
from investing.providers.kraken import adapter as kraken

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def register() -> None:
    """Make the exchanges known. Called once, when the domain's app is ready."""
    registry.register(build_kraken, code=kraken.CODE)


def build_kraken() -> kraken.KrakenAdapter:
    """Build the adapter of Kraken from the settings."""
    given = cast("Mapping[str, str]", settings.PROVIDERS[kraken.CODE])
    return kraken.KrakenAdapter(
        credentials=kraken.Credentials(
            base_url=given["base_url"],
            api_key=given["api_key"],
            api_secret=given["api_secret"],
            allowed_hosts=_allowed(kraken.HOSTS),
        ),
        clock=clock.SYSTEM,
        turns=turns.of(provider=kraken.CODE, api_key=given["api_key"]),
    )


def _allowed(hosts: frozenset[str]) -> frozenset[str]:
    """Return the provider's own hosts; outside production this machine as well, where the sandbox listens."""
    return hosts if settings.DIBOAS_ENV == "prod" else hosts | _LOOPBACK
