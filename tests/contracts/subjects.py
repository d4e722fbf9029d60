"""What the suite must know of a provider to test its adapter: how to build one, and an order that it takes."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from banking.providers.increase import Credentials as IncreaseCredentials
from banking.providers.increase import IncreaseAdapter
from banking.providers.stripe import Credentials as StripeCredentials
from banking.providers.stripe import StripeAdapter
from core.kernel import assets, clock
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Adapter, Operation, Order, Query
from core.providers.transport import http
from investing.providers import turns
from investing.providers.kraken import sizing
from investing.providers.kraken.adapter import Credentials as KrakenCredentials
from investing.providers.kraken.adapter import KrakenAdapter
from tests.sandbox import rig
from tests.sandbox.rig import Sandbox

LOOPBACK = frozenset({"127.0.0.1"})
LIMITS = http.Limits(connect_s=1, read_s=1.5, total_s=3)
IMPATIENT = http.Limits(connect_s=0.3, read_s=0.3, total_s=0.5)


@dataclass(frozen=True)
class Subject:
    """One provider under test."""

    code: str
    operation: Operation
    method: str
    instrument: Mapping[str, str]
    sandbox: Sandbox
    make: Callable[..., Adapter]
    target: str = ""
    terms: Mapping[str, Any] = field(default_factory=dict)
    is_idempotent: bool = True
    tells_when_to_come_back: bool = True
    name_there: Callable[[str], str] = lambda key: key
    prefix: str = field(default_factory=lambda: secrets.token_hex(4))

    def adapter(self, **changes: Any) -> Adapter:
        """Return an adapter for the sandbox; ``changes`` are url, key and limits."""
        given = {"url": self.sandbox.url, "limits": LIMITS, **changes}
        return self.make(**given)

    def order(self, name: str = "one", *, units: int = 12_345, **instrument: str) -> Order:
        """Return an order of its own for each test, always the same for one name."""
        return Order(
            operation=self.operation,
            method=self.method,
            key=f"txn_{self.prefix}{name}:{self.operation}:{self.code}",
            reference=f"txn_{self.prefix}{name}",
            amount=Money.of(units, "USD"),
            instrument={**self.instrument, **instrument},
            correlation_id=f"corr-{self.prefix}",
            target=assets.get(self.target) if self.target else None,
            terms=self.terms,
        )

    def fault(self, name: str, *, order: Order, **fields: object) -> None:
        """Set a fault for the next execution of an order."""
        by = "key" if self.is_idempotent else "reference"
        whose = {by: self.name_there(order.key)}
        self.sandbox.fault(provider=self.code, operation=str(self.operation), fault=name, times=1, **whose, **fields)

    def executed(self, order: Order) -> list[dict[str, Any]]:
        """Return what the provider's own book says that it executed under the order's key."""
        return self.sandbox.book(provider=self.code, operation=str(self.operation), key=self.name_there(order.key))

    @property
    def capability(self) -> contract.Capability:
        return self.adapter().capabilities[0]


def query(order: Order, *, provider_ref: str = "", with_order: bool = True) -> Query:
    """Return the question about an order."""
    return Query(
        operation=order.operation,
        key=order.key,
        reference=order.reference,
        provider_ref=provider_ref,
        amount=order.amount,
        order=order if with_order else None,
    )


def stripe(*, url: str, limits: http.Limits, key: str = rig.STRIPE_KEY) -> StripeAdapter:
    """Return an adapter that speaks Stripe to ``url``."""
    credentials = StripeCredentials(
        base_url=url, api_key=key, webhook_secrets=rig.STRIPE_SECRETS, allowed_hosts=LOOPBACK
    )
    return StripeAdapter(credentials=credentials, clock=clock.SYSTEM, limits=limits)


def increase(*, url: str, limits: http.Limits, key: str = rig.INCREASE_KEY) -> IncreaseAdapter:
    """Return an adapter that speaks Increase to ``url``."""
    credentials = IncreaseCredentials(
        base_url=url,
        api_key=key,
        webhook_secrets=[secret.replace(",", "") for secret in rig.INCREASE_SECRETS],
        account_id=rig.ACCOUNT,
        allowed_hosts=LOOPBACK,
    )
    return IncreaseAdapter(credentials=credentials, limits=limits)


def kraken(*, url: str, limits: http.Limits, key: str = rig.KRAKEN_KEY) -> KrakenAdapter:
    """Return an adapter that speaks Kraken to ``url``, in turn with everybody who has the key."""
    credentials = KrakenCredentials(base_url=url, api_key=key, api_secret=rig.KRAKEN_SECRET, allowed_hosts=LOOPBACK)
    taken = turns.of(provider="kraken", api_key=f"{key}@{url}")
    return KrakenAdapter(credentials=credentials, clock=clock.SYSTEM, turns=taken, limits=limits)


BANK_ACCOUNT = {
    "account_number": "987654321",
    "routing_number": "101050001",
    "funding": "checking",
    "holder": "Ada Lovelace",
}
_MADE: Mapping[str, Mapping[str, Any]] = {
    "stripe": {
        "operation": Operation.CHARGE,
        "method": "card",
        "instrument": {"token": "pm_card_visa"},
        "make": stripe,
    },
    "increase": {"operation": Operation.PAYOUT, "method": "ach", "instrument": BANK_ACCOUNT, "make": increase},
    "kraken": {
        "operation": Operation.ORDER,
        "method": "spot",
        "instrument": {},
        "make": kraken,
        "target": "BTC:bitcoin",
        "terms": {"side": "buy", "pair": "BTC/USD"},
        "is_idempotent": False,
        "tells_when_to_come_back": False,
        "name_there": sizing.client_order_id,
    },
}
CODES = tuple(_MADE)
# Kraken tells nothing by webhook.
TELLING = ("stripe", "increase")


def build(*, code: str, sandbox: Sandbox) -> Subject:
    """Return the subject of this code."""
    return Subject(code=code, sandbox=sandbox, **_MADE[code])
