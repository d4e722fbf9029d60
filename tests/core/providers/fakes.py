"""A provider in memory that answers what a test says, with a name of its own in each test.

Breakers and health live in Redis, longer than a test: a name of one's own keeps tests apart.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta

from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Stage

CAPABILITY = contract.Capability(
    type=contract.ProviderType.ON_RAMP,
    operation=Operation.CHARGE,
    method="card",
    assets=("USD", "EUR"),
    minimum_units=10_00,
    maximum_units=5_000_00,
    eta_seconds=4,
    fee_code="fake_card",
    firm_quote=False,
    server_initiated=True,
    proof=contract.Proof.LOOKUP_BY_KEY,
    key_lifetime=timedelta(hours=1),
    needs_cover=False,
    poll_after_s=1.0,
    reversible_for=timedelta(days=120),
)
REPORT = contract.Report(operation=Operation.CHARGE, stage=Stage.SETTLED, provider_ref="p1")


class Fake:
    """Calls ``answer`` for every verb that would go over the wire."""

    name = "Fake"

    def __init__(self, *, capabilities: Sequence[contract.Capability] = (CAPABILITY,)) -> None:
        self.code = f"fake{secrets.token_hex(4)}"
        self.capabilities = tuple(capabilities)
        self.calls = 0
        self.answer: Callable[[], contract.Report] = lambda: REPORT

    def quote(self, order: contract.Order) -> contract.ProviderQuote:
        return contract.ProviderQuote(fee=Money.of(1, "USD"), eta_seconds=4, firm=False)

    def submit(self, order: contract.Order) -> contract.Report:
        return self.call()

    def status(self, query: contract.Query) -> contract.Report | None:
        return self.call()

    def cancel(self, query: contract.Query) -> contract.Report:
        return self.call()

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        raise contract.SignatureInvalid

    def probe(self) -> None:
        self.call()

    def call(self) -> contract.Report:
        self.calls += 1
        return self.answer()


def failing(error: Exception) -> Callable[[], contract.Report]:
    """Return an answer that is this error."""

    def fail() -> contract.Report:
        raise error

    return fail
