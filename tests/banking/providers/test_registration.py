"""Building adapters from the settings."""

import pytest
from pytest_django import Settings

from banking.providers import registration
from core.providers import registry
from core.providers.contract import Operation


def test_both_providers_are_known_when_django_has_started() -> None:
    assert {"increase", "stripe"} <= set(registry.codes())
    assert registry.get("stripe").capabilities[0].operation is Operation.CHARGE
    assert registry.get("increase").capabilities[0].operation is Operation.PAYOUT


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "https://evil.example"])
def test_in_production_only_the_providers_own_hosts_are_spoken_to(settings: Settings, url: str) -> None:
    settings.DIBOAS_ENV = "prod"
    settings.PROVIDERS = {**settings.PROVIDERS, "stripe": {**settings.PROVIDERS["stripe"], "base_url": url}}

    with pytest.raises(ValueError, match="not an allowed host"):
        registration.build_stripe()


def test_elsewhere_the_sandbox_on_this_machine_is_spoken_to_as_well(settings: Settings) -> None:
    settings.PROVIDERS = {
        **settings.PROVIDERS,
        "increase": {**settings.PROVIDERS["increase"], "base_url": "http://127.0.0.1:9000"},
    }

    assert registration.build_increase().code == "increase"
