"""A provider in the process that settles everything at once, with the capabilities of the real card adapter."""

from __future__ import annotations

from collections.abc import Sequence

from banking.providers import stripe
from core.providers.contract import Capability, Delivery, News, Order, ProviderQuote, Query, Report, Stage


class NotAsked(RuntimeError):
    """The benchmark went a way that it does not measure."""


class InstantProvider:
    """Answers like a card provider whose every payment succeeds at once. Keeps nothing."""

    code = "stripe"
    name = "Instant"
    capabilities: tuple[Capability, ...] = stripe.CAPABILITIES

    def submit(self, order: Order) -> Report:
        """Say that it is done."""
        return Report(
            operation=order.operation,
            stage=Stage.SETTLED,
            provider_ref=f"instant_{order.reference}",
            raw_status="succeeded",
            key=order.key,
            reference=order.reference,
            amount=order.amount,
        )

    def status(self, query: Query) -> Report | None:
        """Nothing stays open here, so nobody has to ask."""
        raise NotAsked(query.key)

    def quote(self, order: Order) -> ProviderQuote:
        """The engine prices from the schedule."""
        raise NotAsked(order.key)

    def cancel(self, query: Query) -> Report:
        """Nothing waits long enough to be cancelled."""
        raise NotAsked(query.key)

    def parse_webhook(self, delivery: Delivery) -> Sequence[News]:
        """There are no webhooks inside one process."""
        raise NotAsked(repr(delivery.headers))

    def probe(self) -> None:
        """It is always well."""
