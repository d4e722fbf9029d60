"""The engine and the ledger in this process, with a provider that answers at once: no HTTP, no Celery, no webhooks.

A process of its own, in the environment of an installation (``bench.inside``): it reads
``MEASURE SECONDS`` lines and answers each with
the number of lifecycles that it did. What each measure writes is said in docs/performance.md.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction as db

from banking.services.instrument_port import Instruments
from bench import ledger
from bench.instant import InstantProvider
from core.identity import customers
from core.identity.customers import CustomerView
from core.kernel import assets
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.orchestration import accept
from core.orchestration.engine import claims, drain
from core.orchestration.kinds import Instrument, Request
from core.providers import registry
from core.resilience import wakeups

SET = 50
SPREAD = 10_000
PATIENCE_S = 30.0
SHORT_S = 0.001
USD = assets.get("USD")
_rng = random.Random()
_Person = tuple[CustomerView, Instrument]


def main() -> None:
    """Answer rounds until the input ends. Arguments: ``customer:instrument`` pairs, as hexadecimal ids."""
    registry.register(InstantProvider, code="stripe")
    # Nobody listens here: a wake-up is one Redis command more, which the measure over HTTP contains.
    wakeups.send = lambda **_: False
    people = [_person(pair) for pair in sys.argv[1:]]
    ready: dict[str, Callable[[], int]] = {
        "single": lambda: _single(_rng.choice(people)),
        "engine": lambda: _in_set([_rng.choice(people) for _ in range(SET)]),
        "engine_hot": lambda: _in_set([people[0]] * SET),
        "ledger": lambda: _ledger_set(_accounts(SPREAD)),
        "ledger_hot": lambda: _ledger_set(_accounts(1)),
    }
    print("ready", flush=True)
    for line in sys.stdin:
        measure, seconds = line.split()
        if float(seconds):
            print(_count(ready[measure], float(seconds)), flush=True)
        else:
            ready[measure]()
            print(0, flush=True)


def _count(step: Callable[[], int], seconds: float) -> int:
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        done += step()
    return done


def _person(pair: str) -> _Person:
    customer, instrument = (UUID(hex=part) for part in pair.split(":"))
    found = Instruments().find(customer_id=customer, instrument_id=instrument)
    if found is None:
        raise SystemExit(f"no instrument {pair}")
    return customers.get(customer), found


def _single(person: _Person) -> int:
    """One deposit from the wish to the end: open, reserve, send, settle."""
    transaction_id = _accept(person)
    _advance([transaction_id])
    return 1


def _in_set(people: Sequence[_Person]) -> int:
    """Fifty deposits, each opened in a transaction of its own as the door does it, then worked in sets."""
    _advance([_accept(person) for person in people])
    return len(people)


def _accept(person: _Person) -> UUID:
    view, instrument = person
    wish = Request(
        domain="banking",
        kind="deposit",
        side="source",
        amount=Money(100_00, USD),
        asset=USD,
        method=instrument.method,
        instrument=instrument,
        counterparty=None,
        preferences={},
    )
    origin = accept.Origin(
        customer=view, actor=f"customer:{view.id.hex}", request_id="", correlation_id="", security={}
    )
    with db.atomic():
        return accept.accept(
            agreed=accept.agree(request=wish, customer_id=origin.customer.id), origin=origin, client_reference=None
        ).id


def _advance(opened: Sequence[UUID]) -> None:
    """Take what is due, as a worker does, and go on until our own are settled. Others may have claimed some of them."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        claimed = claims.claim(domain="banking", limit=len(opened))
        if claimed:
            drain.advance(claimed)
        if all(txn.completed_at is not None for txn in claims.load(opened)):
            return
        if not claimed:
            time.sleep(SHORT_S)
    raise SystemExit(f"not settled after {PATIENCE_S:.0f} s")


_funded: dict[int, list[AccountRef]] = {}


def _accounts(count: int) -> list[AccountRef]:
    """Return as many customers' accounts with plenty on them, made on first use."""
    if count not in _funded:
        _funded[count] = [accounts.customer(one, "banking", USD) for one in ledger.prepare(how_many=count)]
    return _funded[count]


def _ledger_set(refs: Sequence[AccountRef]) -> int:
    ledger.lifecycles(_rng.choices(refs, k=SET))
    return SET
