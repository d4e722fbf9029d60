"""Builds the adapters from the settings and makes them known: the door between configuration and stateless adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from django.conf import settings

from banking.providers import increase, stripe
from core.kernel import clock
from core.providers import registry

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def register() -> None:
    """Make the providers of banking known. Called once, when the domain's app is ready."""
    registry.register(build_stripe, code=stripe.CODE)
    registry.register(build_increase, code=increase.CODE)


def build_stripe() -> stripe.StripeAdapter:
    """Build the adapter of Stripe from the settings."""
    given = _given(stripe.CODE)
    return stripe.StripeAdapter(
        credentials=stripe.Credentials(
            base_url=cast("str", given["base_url"]),
            api_key=cast("str", given["api_key"]),
            webhook_secrets=cast("Sequence[str]", given["webhook_secrets"]),
            allowed_hosts=_allowed(stripe.HOSTS),
            return_url=cast("str", given.get("return_url") or f"{settings.BASE_URL}/payments/return"),
        ),
        clock=clock.SYSTEM,
    )


def build_increase() -> increase.IncreaseAdapter:
    """Build the adapter of Increase from the settings."""
    given = _given(increase.CODE)
    return increase.IncreaseAdapter(
        credentials=increase.Credentials(
            base_url=cast("str", given["base_url"]),
            api_key=cast("str", given["api_key"]),
            webhook_secrets=cast("Sequence[str]", given["webhook_secrets"]),
            account_id=cast("str", given["account_id"]),
            allowed_hosts=_allowed(increase.HOSTS),
        )
    )


def _given(code: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", settings.PROVIDERS[code])


def _allowed(hosts: frozenset[str]) -> frozenset[str]:
    """Return the provider's own hosts; outside production this machine as well, where the sandbox listens."""
    return hosts if settings.DIBOAS_ENV == "prod" else hosts | _LOOPBACK
