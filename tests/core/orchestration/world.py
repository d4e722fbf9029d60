"""Customers, money and wishes for tests of the engine, through the same services that the platform uses."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.db import connection, transaction

from banking.services import instruments
from core.identity import customers
from core.identity.customers import CustomerView
from core.kernel import assets
from core.kernel.money import Money
from core.ledger import funding, queries
from core.orchestration import accept, kinds
from core.orchestration.engine import claims, drain
from core.orchestration.kinds import Instrument, Request
from core.orchestration.models import Attempt, Event, Transaction
from core.resilience import breaker

USD = assets.get("USD")


def customer(handle: str, *, units: int = 0, kyc_level: int = 3, name: str = "") -> CustomerView:
    """Make a customer with this much banking balance."""
    made = customers.create(
        customers.NewCustomer(
            email=f"{handle}@example.test",
            password="correct horse battery staple",
            handle=handle,
            display_name=name or handle.title(),
            country="US",
            kyc_level=kyc_level,
            rate_class="bench",
        )
    )
    if units:
        funding.grant(customer_id=made.id, amount=Money(units, USD), key=f"test:{handle}")
    return made


def cover(units: int = 10_000_000, *, provider: str = "increase") -> None:
    """Give us money at a provider to pay out from."""
    funding.open(provider=provider, amount=Money(units, USD))


def card(owner: CustomerView) -> Instrument:
    """Give a customer a card."""
    row = instruments.add_card(
        customer_id=owner.id, card=instruments.NewCard(token="pm_card_visa", holder=owner.display_name, label="Visa")
    )
    return _instrument(owner, row.id)


def bank(owner: CustomerView) -> Instrument:
    """Give a customer a bank account that ends in 3210."""
    row = instruments.add_bank_account(
        customer_id=owner.id,
        account=instruments.NewBankAccount(
            routing_number="101050001", account_number="9876543210", funding="checking", holder=owner.display_name
        ),
    )
    return _instrument(owner, row.id)


def wish(
    kind: str, amount: str, *, side: str = "source", by: Instrument | None = None, to: CustomerView | None = None
) -> Request:
    """Say what a customer wants."""
    return Request(
        domain="banking",
        kind=kind,
        side=side,
        amount=Money.parse(amount, USD),
        asset=USD,
        method=by.method if by else "",
        instrument=by,
        counterparty=to,
        preferences={},
    )


def start(owner: CustomerView, request: Request, *, reference: str | None = None) -> UUID:
    """Accept a wish and return the transaction's id."""
    with transaction.atomic():
        return accept.accept(
            agreed=accept.agree(request=request, customer_id=owner.id),
            origin=origin(owner),
            client_reference=reference,
        ).id


def origin(owner: CustomerView) -> accept.Origin:
    return accept.Origin(
        customer=owner, actor=f"customer:{owner.id.hex}", request_id="req_test", correlation_id=uuid4().hex, security={}
    )


def work() -> int:
    """Drain banking until nothing is due."""
    return drain.drain(domain="banking")


def due_now(transaction_id: UUID) -> None:
    """Move the stored schedule, as time would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orchestration_transaction SET due_at = clock_timestamp(), lease_until = NULL WHERE id = %s",
            [transaction_id],
        )


def sent_long_ago(transaction_id: UUID) -> None:
    """Move the time of the last send into the past, as time would."""
    Attempt.objects.filter(transaction_id=transaction_id).update(sent_at="2026-01-01T00:00:00Z")


def made_long_ago(transaction_id: UUID) -> None:
    """Move the birth of the attempt into the past, as time would."""
    Attempt.objects.filter(transaction_id=transaction_id).update(created_at="2026-01-01T00:00:00Z")


def past_deadline(transaction_id: UUID) -> None:
    """Move the stored deadline into the past, as time would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orchestration_transaction SET due_at = clock_timestamp(),"
            " deadline_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [transaction_id],
        )


def open_breakers() -> None:
    """Let every call pass, as after a pause."""
    for provider in ("increase", "stripe"):
        for operation in ("payout", "charge", "status"):
            breaker.Breaker(f"{provider}:{operation}").force_closed(actor="test", reason="test")


def see(transaction_id: UUID) -> Transaction:
    return claims.get(transaction_id)


def path(transaction_id: UUID) -> list[str]:
    """Return the states that a transaction went through, in order."""
    rows = Event.objects.filter(transaction_id=transaction_id).exclude(to_state="").order_by("seq")
    return [row.to_state for row in rows]


def attempts(transaction_id: UUID) -> list[Attempt]:
    return list(Attempt.objects.filter(transaction_id=transaction_id).order_by("number"))


def figures(owner: CustomerView) -> tuple[int, int, int]:
    """Return what a customer has posted, held and incoming in banking dollars."""
    for view in queries.balances(customer_id=owner.id):
        if view.domain == "banking" and view.asset == "USD":
            return view.posted.units, view.held.units, view.incoming.units
    return 0, 0, 0


def system(account: str) -> int:
    """Return a system account's dollars by its code, such as ``fee:platform``."""
    return next((row.total.units for row in queries.trial_balance() if row.name == account and row.asset == "USD"), 0)


def kind_of(transaction_id: UUID) -> kinds.Kind:
    return kinds.of(see(transaction_id))


def _instrument(owner: CustomerView, instrument_id: UUID) -> Instrument:
    found = kinds.domain("banking").instruments.find(customer_id=owner.id, instrument_id=instrument_id)
    assert found is not None
    return found
