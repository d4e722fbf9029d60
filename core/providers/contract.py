"""The contract between the engine and a provider's adapter.

An adapter is stateless: it gets its credentials, a clock and an HTTP client, speaks one provider's wire protocol, and
answers in these types. Provider JSON never leaves its file.

Raises, all of them from here: ``Rejected`` (a decision: do not retry), ``Unavailable`` (not executed: retry or fail
over), ``RateLimited`` (not executed, with when), ``OutcomeUnknown`` (sent, no answer: ask ``status`` before anything
else).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from core.kernel import errors
from core.kernel.assets import Asset
from core.kernel.money import Money


class ProviderType(StrEnum):
    """What a provider is for."""

    ON_RAMP = "ON_RAMP"
    OFF_RAMP = "OFF_RAMP"
    EXCHANGE = "EXCHANGE"
    DEX = "DEX"
    DEFI = "DEFI"
    BRIDGE = "BRIDGE"
    WALLET = "WALLET"
    COMPLIANCE = "COMPLIANCE"
    MARKET_DATA = "MARKET_DATA"


class Operation(StrEnum):
    """What a provider is asked to do. Breakers and health are kept per provider and operation."""

    CHARGE = "charge"
    PAYOUT = "payout"
    ORDER = "order"
    CUSTODY_OUT = "custody_out"
    CUSTODY_IN = "custody_in"
    SWAP = "swap"
    SUPPLY = "supply"
    REDEEM = "redeem"


class Proof(StrEnum):
    """How it can be proven that a sent operation was not executed."""

    LOOKUP_BY_KEY = "lookup_by_key"
    KEY_REPLAY = "key_replay"
    NONE = "none"


class Stage(StrEnum):
    """How far one operation has got at the provider, in our words. Rises only, except into the last four.

    EXECUTED is done there but not final yet: an order filled and not settled, a block without enough on top of it.
    """

    UNMAPPED = "unmapped"
    ACTION_REQUIRED = "action_required"
    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    EXECUTED = "executed"
    SETTLED = "settled"
    DECLINED = "declined"
    CANCELED = "canceled"
    RETURNED = "returned"
    DISPUTED = "disputed"
    REINSTATED = "reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One thing that a provider can do, and everything in which it may differ from another provider.

    ``fee_code`` names the rule of the fee schedule that prices it; ``custody_from`` and ``custody_to`` name the roles
    of our accounts at the provider (``available``, ``pending``); ``key_lifetime`` is how long the provider remembers an
    idempotency key; ``poll_after_s`` is how long we wait for a webhook before asking; ``proof_after_s`` is how long
    after a send a look-up that finds nothing proves that nothing was executed (a slow request may still be on its way).
    ``covered_by`` names the wallet on the chain (``treasury``) from which it pays, where that is not our account there.
    """

    type: ProviderType
    operation: Operation
    method: str
    assets: tuple[str, ...]
    minimum_units: int
    maximum_units: int
    eta_seconds: int
    fee_code: str
    firm_quote: bool
    server_initiated: bool
    proof: Proof
    key_lifetime: timedelta
    needs_cover: bool
    poll_after_s: float
    reversible_for: timedelta
    proof_after_s: float = 60.0
    covered_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing to do, exactly. ``key`` is our idempotency key, ``reference`` the public id of the transaction.

    ``instrument`` holds what the operation's method needs: ``token`` for a card; ``account_number``,
    ``routing_number``, ``funding`` and ``holder`` for a bank account. ``target`` is what is to arrive where that is
    another asset; ``terms`` are the locked terms of the transaction; ``customer_id`` says whose wallet signs.
    """

    operation: Operation
    method: str
    key: str
    reference: str
    amount: Money
    instrument: Mapping[str, str]
    correlation_id: str = ""
    target: Asset | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which operation is asked about: by the provider's own id where we have it, else by our key.

    ``order`` is what was sent under the key. With it, a provider of ``Proof.KEY_REPLAY`` is asked by sending the same
    again, which may execute it now; without it only look-ups are made.
    """

    operation: Operation
    key: str
    reference: str
    provider_ref: str = ""
    amount: Money | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One part of an order that was executed: what we gave for what, and what the exchange kept of it.

    ``price`` is the exchange's own text. ``fee`` is in the asset in which it was taken, and is inside ``paid`` or
    ``received`` already: those are what our balances there changed by.
    """

    trade_id: str
    paid: Money
    received: Money
    fee: Money
    price: str
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider says of one operation, from an answer, a webhook or a poll alike.

    ``key`` and ``reference`` are ours as the provider repeats them, empty where it does not. ``amount`` and
    ``destination`` are compared with what was asked. ``rank`` orders reports of one operation where the provider gives
    a sequence; 0 where it gives none. ``provider_fee`` is what the provider kept, where it says so. ``action`` tells
    the customer what to do at ACTION_REQUIRED (``type``, ``url``). ``incident`` is the provider's own id of a return or
    dispute, where one operation may have several of them. ``fills`` are all that are known so far; ``spent`` and
    ``received`` what the whole operation took and brought in the end; ``costs`` what it cost us (gas), per asset
    instance; ``facts`` what the kind needs for its books and its story, as text (``scaled_units``, ``tx_hash``).
    """

    operation: Operation
    stage: Stage
    provider_ref: str
    key: str = ""
    reference: str = ""
    amount: Money | None = None
    destination: str = ""
    reason: str = ""
    raw_status: str = ""
    occurred_at: datetime | None = None
    eta: datetime | None = None
    rank: int = 0
    provider_fee: Money | None = None
    action: Mapping[str, str] = field(default_factory=dict)
    incident: str = ""
    fills: tuple[Fill, ...] = ()
    spent: Money | None = None
    received: Money | None = None
    costs: tuple[Money, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An inbound webhook as it came: raw bytes and the headers with lower-case names.

    ``verified`` is True when it comes from our own inbox, which holds only what was verified at the door: signatures
    have a time limit and secrets rotate, so they are not looked at again.
    """

    body: bytes
    headers: Mapping[str, str]
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One verified webhook event. ``report`` is None for a thin event: then ``query`` says what to ask.

    ``only_settles``: all that there is to ask is how the operation was settled, so nothing where that is known.
    """

    event_id: str
    event_type: str
    report: Report | None
    query: Query | None
    only_settles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderQuote:
    """What the provider itself would charge for an order of this size."""

    fee: Money
    eta_seconds: int
    firm: bool


class ProviderError(errors.DiboasError):
    """Root of the four errors of an adapter. ``provider_code`` is the provider's own word."""

    def __init__(self, *, code: str = "", detail: str = "", provider_code: str = "") -> None:
        self.provider_code = provider_code
        super().__init__(code=code, detail=detail)


class Rejected(ProviderError):
    """The provider decided against it. ``code`` is ours and stable, such as ``card_declined``. Never retried.

    ``at_fault`` is False: a decline, or a bad request of ours, says nothing about the provider's health.
    """

    severity = errors.Severity.LOW
    default_code = "provider_rejected"


class Unavailable(ProviderError):
    """It was certainly not executed: not sent, or refused before anything happened. Retry or fail over."""

    severity = errors.Severity.MEDIUM
    retryable = True
    default_code = "provider_unavailable"


class RateLimited(Unavailable):
    """Not executed because we are too fast. ``retry_after_s`` says when to come back."""

    default_code = "provider_rate_limited"

    def __init__(self, *, retry_after_s: float, detail: str = "", provider_code: str = "") -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail=detail, provider_code=provider_code)


class OutcomeUnknown(ProviderError):
    """It was sent and nobody knows what became of it. The money stays held; ask ``status`` first."""

    severity = errors.Severity.HIGH
    retryable = True
    default_code = "outcome_unknown"


class SignatureInvalid(errors.DiboasError):
    """A webhook's signature, timestamp or shape does not hold. Nothing is stored as news; HTTP 400."""

    severity = errors.Severity.LOW
    default_code = "signature_invalid"


class Adapter(Protocol):
    """At most these verbs. Each makes at most a few HTTP calls and never touches the database."""

    code: str
    name: str
    capabilities: tuple[Capability, ...]

    def quote(self, order: Order) -> ProviderQuote: ...

    def submit(self, order: Order) -> Report: ...

    def status(self, query: Query) -> Report | None:
        """Return what the provider knows, or None if it proves that it has no such operation."""

    def cancel(self, query: Query) -> Report: ...

    def parse_webhook(self, delivery: Delivery) -> Sequence[News]: ...

    def probe(self) -> None:
        """Make one cheap read-only call; raise if the provider is not well."""
