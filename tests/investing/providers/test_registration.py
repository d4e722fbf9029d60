"""Building the exchange's adapter from the settings."""

import pytest
from pytest_django import Settings

from core.providers import registry
from core.providers.contract import Operation
from investing.providers import registration
from investing.providers.listing import Lister


def test_the_exchange_is_known_when_django_has_started() -> None:
    assert "kraken" in registry.codes()
    assert {each.operation for each in registry.get("kraken").capabilities} == {Operation.ORDER}
    assert isinstance(registry.get("kraken"), Lister)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "https://evil.example"])
def test_in_production_only_the_providers_own_hosts_are_spoken_to(settings: Settings, url: str) -> None:
    settings.DIBOAS_ENV = "prod"
    settings.PROVIDERS = {**settings.PROVIDERS, "kraken": {**settings.PROVIDERS["kraken"], "base_url": url}}

    with pytest.raises(ValueError, match="not an allowed host"):
        registration.build_kraken()
