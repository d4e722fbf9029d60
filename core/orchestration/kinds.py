"""What a domain brings: one class per kind of transaction, registered here. The engine knows no kind by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from core.fees.sheets import FeeSheet
from core.identity.customers import CustomerView
from core.kernel import errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger.movements import Entry, Operation
from core.orchestration.models import Attempt, Transaction
from core.orchestration.states import State
from core.providers import contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is to happen in the ledger at one point of a transaction's life. All of it or none of it.

    ``results`` is what really happened, in the kind's own words and as text: it is merged into the transaction's.
    ``received`` among them, in units of the target, is what arrived. ``reservation_id`` is the hold that stands in for
    the transaction's from now on. ``settles`` are transactions that this one brings to their end in the same commit,
    such as the start of a position that it closes. ``fees`` is what was really charged, where the price could only
    promise it. ``notes`` are for the domain's projector and are kept nowhere else.
    """

    entries: tuple[Entry, ...] = ()
    operations: tuple[Operation, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    reservation_id: UUID | None = None
    settles: tuple[UUID, ...] = ()
    notes: tuple[Any, ...] = ()
    fees: FeeSheet | None = None

    def __bool__(self) -> bool:
        return bool(self.entries or self.operations)

    def __add__(self, other: Deed) -> Deed:
        return Deed(
            entries=self.entries + other.entries,
            operations=self.operations + other.operations,
            results={**self.results, **other.results},
            reservation_id=other.reservation_id or self.reservation_id,
            settles=self.settles + other.settles,
            notes=self.notes + other.notes,
            fees=other.fees or self.fees,
        )


NOTHING = Deed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What a kind needs to know of a customer's card or bank account. ``secrets`` goes to the provider only."""

    id: UUID
    method: str
    holder: str
    label: str
    destination: str
    secrets: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A well-formed wish of a customer, not yet checked against anything that can change.

    Exactly one side carries the amount: ``source`` is the whole debit with fees inside, ``target`` is what arrives with
    fees on top. ``method`` is the family of the instrument, empty for a kind without a provider. ``target_asset`` is
    what arrives where that is another asset; ``extras`` are the fields that only this kind takes, as the caller sent
    them.
    """

    domain: str
    kind: str
    side: str
    amount: Money
    asset: Asset
    method: str
    instrument: Instrument | None
    counterparty: CustomerView | None
    preferences: Mapping[str, Any]
    target_asset: Asset | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One thing that a provider is asked for on the way to the end.

    ``method`` is empty where it is the transaction's own. ``waypoints`` says how far each stage at the provider
    carries. The provider of the priced leg is chosen by score within the locked price; the others take the first that
    is ready. ``must_succeed`` marks a leg after which there is no way back, such as bringing home what a contract gave:
    it is tried again for as long as it takes, with a person told, and never undone. ``cancel_after`` is how long the
    provider may take before it is asked to cancel (an order's time in force); None is as long as it lasts.
    """

    name: str
    operation: contract.Operation
    waypoints: Mapping[contract.Stage, State]
    method: str = ""
    is_priced: bool = True
    must_succeed: bool = False
    cancel_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for every transaction of a kind, as data beside its code.

    ``path`` is the fixed order of states, its last one where all is well; ``waypoints`` says how far each stage at a
    provider carries a kind of one leg. ``minimum_units`` is by asset code: an asset that is missing is not served.
    ``window`` is how long the customer may take where an action is asked of him. ``leaves`` marks money that goes where
    we cannot get it back from. ``is_forced`` marks what has happened outside already: no customer starts it, and
    nothing about it is priced, refused or reserved; ``is_screened`` where it may be held up for a person all the same.
    ``targets`` are the assets that may arrive where that is another one than what is given; ``extras`` the fields of a
    wish that only this kind takes. ``needs_amount`` is False where the kind itself knows how much (all of a position);
    ``gives`` where nothing of the customer's is held; ``consumes_limits`` where it is his own money that comes home.
    """

    path: tuple[State, ...]
    waypoints: Mapping[contract.Stage, State]
    minimum_units: Mapping[str, int]
    methods: frozenset[str]
    needs_counterparty: bool
    leaves: bool
    window: timedelta
    is_forced: bool = False
    is_screened: bool = False
    targets: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()
    needs_amount: bool = True
    gives: bool = True
    consumes_limits: bool = True


class Kind(Protocol):
    """One kind of transaction: what to hold, call, post and undo. Pure: no database, no network, no clock.

    ``legs`` are what providers are asked for, in order; none where our own books do it all. ``operation`` is that of
    the priced leg. ``to_move`` is what the provider of a leg is asked to move; ``send`` is done before the first call;
    ``accepted`` is posted once, when a provider first has it, and undone by ``undo_accepted``; ``progressed`` posts
    what a provider has executed in part; ``leg_done`` what a leg did that is not the last one, and ``complete`` ends
    well. ``release`` undoes the reservation. ``undo_leg`` names the call that takes a done leg back, None where the
    books alone do it, and ``undone`` posts that. ``reverse`` posts news that came after the end, for the child
    transaction ``child`` of ``parent``: what came is in ``child.security["news"]`` (``returned``, ``disputed``,
    ``reinstated``, ``late``), and what the provider kept for it, in units, in ``child.security["provider_fee"]``.
    """

    @property
    def domain(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def operation(self) -> contract.Operation | None: ...

    @property
    def legs(self) -> tuple[Leg, ...]: ...

    @property
    def rules(self) -> Rules: ...

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money: ...

    def order(self, *, transaction: Transaction, attempt: Attempt, instrument: Instrument | None) -> contract.Order: ...

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed: ...

    def block(self, *, transaction: Transaction) -> Deed: ...

    def send(self, *, transaction: Transaction) -> Deed: ...

    def accepted(self, *, transaction: Transaction) -> Deed: ...

    def progressed(self, *, transaction: Transaction, report: contract.Report) -> Deed: ...

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: contract.Report) -> Deed: ...

    def complete(self, *, transaction: Transaction, report: contract.Report | None) -> Deed: ...

    def refused(self, *, transaction: Transaction, report: contract.Report) -> Deed: ...

    def release(self, *, transaction: Transaction, expired: bool) -> Deed: ...

    def undo_accepted(self, *, transaction: Transaction) -> Deed: ...

    def undo_leg(self, *, transaction: Transaction, leg: Leg) -> Leg | None: ...

    def undone(self, *, transaction: Transaction, leg: Leg, report: contract.Report | None) -> Deed: ...

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A row that a domain keeps beside a transaction: one INSERT with ``%s`` for each value. ``sql`` is a constant."""

    sql: str
    values: Sequence[Any]


class Instruments(Protocol):
    """Where a domain keeps its customers' instruments."""

    def find(self, *, customer_id: UUID, instrument_id: UUID) -> Instrument | None: ...

    def load(self, *, instrument_ids: set[UUID]) -> Mapping[UUID, Instrument]: ...

    def note(self, *, transaction_id: UUID, instrument: Instrument) -> Note:
        """Return the row that keeps what the instrument was when it was used; it is written with the transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a domain says of a wish before it is priced.

    ``method`` is what candidates are looked for by; ``source`` what is given, fees inside, and ``target_asset`` what
    arrives; ``network_fee`` what the chain would cost, in the source's asset; ``usd_price`` what one whole unit of the
    source costs, for fees in USD. ``data`` goes to ``Terms.fix``.
    """

    method: str
    source: Money
    target_asset: Asset
    network_fee: Money | None = None
    usd_price: Decimal | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What is promised at a price: what should arrive, what must arrive at least, and the terms as they are locked.

    ``data`` is JSON-ready and becomes ``transaction.terms``.
    """

    expected: Money
    minimum: Money
    data: Mapping[str, Any] = field(default_factory=dict)


class Terms(Protocol):
    """How a domain checks a wish against the world before any money is held, and what it promises at a price.

    ``open`` and ``fix`` may ask the outside, so they are called outside any database transaction; their Refused and
    InvalidInput name the field. ``begin`` is called in the commit that accepts: a domain writes its own rows there, and
    a Conflict lets nothing be accepted.
    """

    def open(self, *, kind: Kind, request: Request, customer_id: UUID) -> Opening: ...

    def fix(self, *, kind: Kind, opening: Opening, net: Money) -> Fixed:
        """Say what arrives for ``net``, which is the source less every fee."""

    def begin(self, *, kind: Kind, transaction_id: UUID, customer_id: UUID, data: Mapping[str, Any]) -> None:
        """Write what the domain keeps beside the transaction; ``data`` are its locked terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What one commit posted for one transaction."""

    transaction: Transaction
    deed: Deed


class Projector(Protocol):
    """How a domain keeps its own tables (positions, cost) true: called inside the commit that posts."""

    def project(self, *, posted: Sequence[Posted]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain as the engine sees it: its proxy of the transaction, its kinds, its instruments, and the Celery task
    on its queue that drains it. ``terms`` is None where nothing but the price has to be agreed; ``projector`` where the
    journal says it all.
    """

    code: str
    model: type[Transaction]
    kinds: tuple[Kind, ...]
    instruments: Instruments
    task: str
    queue: str
    terms: Terms | None = None
    projector: Projector | None = None


_domains: dict[str, Domain] = {}
_kinds: dict[tuple[str, str], Kind] = {}
_moves: dict[tuple[str, str, str], str] = {}


def register(domain: Domain) -> None:
    """Let the engine work for a domain.

    Raises: ImproperlyConfigured if a kind's path takes a step that the domain's model does not declare.
    """
    _domains[domain.code] = domain
    for source, target, name in transitions_of(domain.model):
        _moves[domain.code, source, target] = name
    for kind in domain.kinds:
        for source, target in zip(kind.rules.path, kind.rules.path[1:], strict=False):
            if (domain.code, source, target) not in _moves:
                raise ImproperlyConfigured(f"{domain.code}.{kind.name}: {source} to {target} is not a transition.")
        _kinds[domain.code, kind.name] = kind


def transitions_of(model: type[Transaction]) -> list[tuple[str, str, str]]:
    """Return every declared (source, target, method) of a domain's model, sorted."""
    field: Any = model._meta.get_field("state")
    return sorted((str(t.source), str(t.target), str(t.name)) for t in field.get_all_transitions(model))


def domains() -> list[Domain]:
    return [_domains[code] for code in sorted(_domains)]


def domain(code: str) -> Domain:
    """Return a domain. Raises: NotFound."""
    try:
        return _domains[code]
    except KeyError:
        raise errors.NotFound(detail=f"There is no domain {code!r}.") from None


def get(*, domain: str, kind: str) -> Kind:
    """Return a kind. Raises: InvalidInput (``unknown_kind``)."""
    try:
        return _kinds[domain, kind]
    except KeyError:
        raise errors.InvalidInput(
            code="unknown_kind", detail=f"{domain} has no kind {kind!r}.", pointer="/kind"
        ) from None


def of(transaction: Transaction) -> Kind:
    """Return the kind of a transaction."""
    return _kinds[transaction.domain, transaction.kind]


def model_of(code: str) -> type[Transaction]:
    """Return the proxy through which transactions of a domain must be loaded."""
    return _domains[code].model


def mover(*, domain: str, source: str, target: str) -> str:
    """Return the name of the transition method between two states.

    Raises: ProcessingFault (``transition_not_declared``).
    """
    try:
        return _moves[domain, source, target]
    except KeyError:
        raise errors.ProcessingFault(
            code="transition_not_declared", detail=f"{domain}: {source} to {target} is not declared."
        ) from None
