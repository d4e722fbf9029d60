"""Short words for movements: what the ledger's tests are written in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from core.kernel.ids import uuid7
from core.ledger import accounts, posting, queries
from core.ledger.accounts import AccountRef
from core.ledger.movements import Entry, Line, Movement, Operation, PlaceHold, Ruling

EQUITY = accounts.system("equity", "USD")
FEE = accounts.fee("platform", "USD")
BANK = accounts.external("increase", "in_transit", "USD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer and his account of dollars."""

    id: UUID
    usd: AccountRef


def person(*, units: int = 0) -> Person:
    """A new customer with this much money."""
    customer_id = uuid4()
    one = Person(id=customer_id, usd=accounts.customer(customer_id, "banking", "USD"))
    if units:
        assert apply(move(entry(one.usd, units, EQUITY, -units))) == [Ruling.OK]
    return one


def entry(*lines: AccountRef | int, key: str = "", leaves: bool = False) -> Entry:
    """An entry from accounts and units in turn; with ``leaves``, its debits of customers are exits."""
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    return Entry(
        key=key or uuid7().hex,
        kind="test",
        lines=tuple(
            Line(account=account, units=units, leaves=leaves and units < 0 and account.customer_id is not None)
            for account, units in pairs
            if isinstance(account, AccountRef) and isinstance(units, int)
        ),
    )


def move(*parts: Entry | Operation, transaction_id: UUID | None = None) -> Movement:
    """One movement of these entries and operations."""
    return Movement(
        ref=uuid7(),
        transaction_id=transaction_id,
        entries=tuple(part for part in parts if isinstance(part, Entry)),
        operations=tuple(part for part in parts if not isinstance(part, Entry)),
    )


def apply(*movements: Movement) -> list[Ruling]:
    """Post them in one call and return the rulings in order."""
    verdicts = posting.post(movements=movements)
    return [verdicts[movement.ref].ruling for movement in movements]


def hold(one: Person, units: int, *, leaves: bool = False) -> UUID:
    """Place a hold that must succeed and return its id."""
    hold_id = uuid7()
    assert apply(move(PlaceHold(hold_id=hold_id, account=one.usd, units=units, leaves=leaves))) == [Ruling.OK]
    return hold_id


def figures(one: Person) -> tuple[int, int, int, int]:
    """Posted, held, incoming, reversible of the customer's dollars."""
    for balance in queries.balances(customer_id=one.id):
        if balance.code == one.usd.code:
            return (
                balance.posted.units,
                balance.held.units,
                balance.incoming.units,
                balance.reversible.units,
            )
    return (0, 0, 0, 0)
