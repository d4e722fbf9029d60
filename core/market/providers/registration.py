"""Builds the sources from the settings and makes them known: the door between configuration and stateless readers."""

from __future__ import annotations

from django.conf import settings

from core.market import sources
from core.market.providers import kraken

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def register() -> None:
    """Make the configured sources known. One without an address is left out: then there are no prices from it."""
    if settings.MARKET_SOURCES.get(kraken.CODE):
        sources.register(build_kraken, code=kraken.CODE)


def build_kraken() -> kraken.KrakenMarket:
    """Build the reader of Kraken's public data. Outside production this machine may stand in for it."""
    hosts = kraken.HOSTS if settings.DIBOAS_ENV == "prod" else kraken.HOSTS | _LOOPBACK
    return kraken.KrakenMarket(place=kraken.Place(base_url=settings.MARKET_SOURCES[kraken.CODE], allowed_hosts=hosts))
