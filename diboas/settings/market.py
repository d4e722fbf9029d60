"""Where prices come from. A source without an address is not asked; without any, nothing has a price."""

from diboas.settings import env

MARKET_SOURCES: dict[str, str] = {"kraken": env.text("KRAKEN_BASE_URL", "https://api.kraken.com")}
