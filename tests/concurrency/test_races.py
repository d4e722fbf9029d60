"""Races on transactions: real threads, real connections, real commits; every ending is reached once.

``DIBOAS_LONG=1`` plays ten times as many rounds.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test import Client

from core.audit import books
from core.identity import api_keys
from core.identity.customers import CustomerView
from core.identity.principals import ALL_SCOPES
from core.kernel import errors
from core.orchestration import outcomes
from core.orchestration.engine import claims, drain, sweeps
from core.orchestration.hands import cancel
from core.orchestration.judging import news
from core.orchestration.models import Event, Transaction
from core.orchestration.outcomes import Reported, Result
from core.providers import registry
from core.providers.contract import Operation, Report, Stage
from tests.core.orchestration import fakes, world
from tests.databases import Clone

FACTOR = 10 if os.environ.get("DIBOAS_LONG") == "1" else 1
T = TypeVar("T")
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(own_memory: None) -> None:
    """Let every test here begin with a memory of its own."""


@pytest.fixture
def bank() -> Iterator[fakes.FakeProvider]:
    """Let one scripted provider do payouts."""
    provider = fakes.FakeProvider(
        capabilities=(fakes.capability(Operation.PAYOUT, "ach"), fakes.capability(Operation.CHARGE, "card"))
    )
    with registry.replaced(provider):
        yield provider


def race(works: list[Callable[[], T]]) -> list[T | Exception]:
    """Let everybody loose at the same moment, each on a connection of his own; return what each got."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '60s'")
            start.wait(60)
            return work()
        except Exception as error:  # noqa: BLE001 - what went wrong is a result here, and every test judges it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def sound() -> None:
    assert [str(one) for one in books.run()] == []


def key_of(owner: CustomerView) -> str:
    _, key = api_keys.issue(customer_id=owner.id, name="Race", scopes=sorted(ALL_SCOPES), live=False)
    return key


def test_one_key_from_64_clients_makes_one_transaction(committed_db: Clone) -> None:
    ana, _ = world.customer("ana", units=10_000), world.customer("bruno")
    headers = {"authorization": f"Bearer {key_of(ana)}", "idempotency-key": "the-one"}
    body = b'{"kind":"transfer","source":{"amount":"7.00","asset":"USD"},"to":{"handle":"bruno"}}'

    def send() -> tuple[int, bytes]:
        answer = Client().post("/api/v1/banking/transactions", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.content

    seen = race([send] * 64)

    assert not [one for one in seen if isinstance(one, Exception)]
    statuses = Counter(one[0] for one in seen if isinstance(one, tuple))
    assert set(statuses) <= {201, 409}
    assert statuses[201] >= 1
    assert len({one[1] for one in seen if isinstance(one, tuple) and one[0] == 201}) == 1
    assert Transaction.objects.count() == 1
    world.work()
    assert world.figures(ana) == (9_300, 0, 0)
    sound()


def test_one_client_reference_from_16_clients_makes_one_transaction(committed_db: Clone) -> None:
    ana, bruno = world.customer("ana", units=10_000), world.customer("bruno")

    seen = race(
        [lambda: world.start(ana, world.wish("transfer", "7.00", to=bruno), reference="order-1") for _ in range(16)]
    )

    assert len([one for one in seen if isinstance(one, UUID)]) == 1
    assert {getattr(one, "code", "") for one in seen if not isinstance(one, UUID)} == {"client_reference_used"}
    assert Transaction.objects.count() == 1


def test_64_writers_cannot_spend_one_balance_twice(committed_db: Clone) -> None:
    ana, bruno = world.customer("ana", units=10_000), world.customer("bruno")
    each, rounds, refusals = 700, 3 * FACTOR, set[str]()

    def spend() -> int:
        made = 0
        for _ in range(rounds):
            try:
                world.start(ana, world.wish("transfer", "7.00", to=bruno))
            except errors.Refused as refused:
                refusals.add(refused.code)
                continue
            made += 1
            drain.drain(domain="banking")
        return made

    seen = race([spend] * 64)
    world.work()

    assert not [one for one in seen if isinstance(one, Exception)]
    assert refusals <= {"insufficient_funds"}
    ended = Counter(Transaction.objects.values_list("state", "reason"))
    assert ended["COMPLETED", ""] == 14
    assert set(ended) <= {("COMPLETED", ""), ("FAILED", "insufficient_funds")}
    assert world.figures(ana) == (10_000 - 14 * each, 0, 0)
    assert world.figures(bruno) == (14 * 675, 0, 0)
    sound()


def test_two_drains_never_take_the_same_row(committed_db: Clone) -> None:
    ana, bruno = world.customer("ana", units=100_000), world.customer("bruno")
    made = [world.start(ana, world.wish("transfer", "5.00", to=bruno)) for _ in range(40)]

    seen = race([lambda: [one.id for one in claims.claim(domain="banking", limit=9)] for _ in range(6)])

    taken = [one for many in seen if isinstance(many, list) for one in many]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(made)
    assert len(taken) >= 36


def test_a_stale_worker_writes_nothing(committed_db: Clone) -> None:
    ana, bruno = world.customer("ana", units=10_000), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "5.00", to=bruno))
    (slow,) = claims.claim(domain="banking")
    assert claims.claim(domain="banking") == []
    _lease_is_over(made)
    (fast,) = claims.claim(domain="banking")
    assert fast.fence == slow.fence + 1

    drain.advance([slow])

    assert world.see(made).state == "INITIATED"
    assert world.figures(ana) == (10_000, 0, 0)
    drain.advance([fast])
    assert world.see(made).state == "COMPLETED"
    assert (world.figures(ana), world.figures(bruno)) == ((9_500, 0, 0), (475, 0, 0))
    drain.advance([slow])
    assert world.figures(bruno) == (475, 0, 0)
    sound()


def test_a_stale_worker_that_got_an_answer_does_not_apply_it_twice(
    committed_db: Clone, bank: fakes.FakeProvider
) -> None:
    """The first worker hangs in its call until its lease is over; the second asks; then both have the answer."""
    ana = world.customer("ana", units=10_000)
    world.cover()
    in_call, go_on = threading.Event(), threading.Event()

    def hang(asked: object) -> Report:
        in_call.set()
        assert go_on.wait(30)
        return fakes.said(Stage.SETTLED)(asked)  # type: ignore[arg-type]  # an order, as the script says

    bank.submits, bank.statuses = [hang], [fakes.said(Stage.SETTLED)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    slow = threading.Thread(target=_work_and_close)
    slow.start()
    assert in_call.wait(30)
    _lease_is_over(made)

    world.work()
    go_on.set()
    slow.join(30)

    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (8_000, 0, 0)
    assert (len(bank.orders), len(bank.queries)) == (1, 1)
    sound()


def test_cancel_webhook_expiry_and_two_workers_at_once(committed_db: Clone, bank: fakes.FakeProvider) -> None:
    """Whoever is first decides; nobody undoes it, and the money is where the ending says."""
    ana = world.customer("ana", units=1_000_000)
    account, ends = world.bank(ana), Counter[str]()
    world.cover()

    for number in range(12 * FACTOR):
        made = world.start(ana, world.wish("withdrawal", "20.00", by=account))
        bank.submits = [fakes.said(Stage.ACCEPTED, ref=f"ref_{number}") for _ in range(4)]
        bank.statuses = [fakes.said(Stage.SUBMITTED, ref=f"ref_{number}") for _ in range(40)]
        before = world.figures(ana)[0]
        works: list[Callable[[], str]] = [
            partial(_cancel, made, ana),
            _drain,
            _drain,
            partial(_expire, made),
            partial(_webhooks, made, number),
            partial(_webhooks, made, number),
        ]
        seen = race(works)
        assert not [one for one in seen if isinstance(one, Exception)], seen
        _finish(made, number)
        row = world.see(made)
        ends[f"{row.state}:{row.reason}"] += 1
        moved = 2_000 if row.state == "COMPLETED" else 0
        assert world.figures(ana) == (before - moved, 0, 0), (row.state, world.path(made))
        assert row.state in {"COMPLETED", "FAILED", "EXPIRED"}
        assert len([1 for order in bank.orders if order.reference == row.public_id]) <= 1
        numbers = list(Event.objects.filter(transaction_id=made).order_by("seq").values_list("seq", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))

    sys.stdout.write(f"{dict(ends)}\n")
    sound()


def test_one_outcome_from_eight_doors_is_applied_once(committed_db: Clone, bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=100_000)
    account = world.bank(ana)
    world.cover()

    for number in range(5 * FACTOR):
        bank.submits = [fakes.said(Stage.ACCEPTED, ref=f"ref_{number}")]
        made = world.start(ana, world.wish("withdrawal", "20.00", by=account))
        world.work()
        before = world.figures(ana)[0]
        seen = race([partial(_report, made, number, Stage.SETTLED) for _ in range(8)])
        assert Counter(seen) == {Result.APPLIED: 1, Result.DUPLICATE: 7}
        assert world.see(made).state == "COMPLETED"
        assert world.figures(ana) == (before - 2_000, 0, 0)

    sound()


def test_settlement_and_return_at_once_end_as_if_in_order(committed_db: Clone, bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=100_000)
    account = world.bank(ana)
    world.cover()
    ends = Counter[str]()

    for number in range(8 * FACTOR):
        bank.submits = [fakes.said(Stage.ACCEPTED, ref=f"ref_{number}")]
        made = world.start(ana, world.wish("withdrawal", "20.00", by=account))
        world.work()
        before = world.figures(ana)[0]
        seen = race(
            [
                partial(_report, made, number, Stage.SETTLED),
                partial(_report, made, number, Stage.RETURNED),
                partial(_report, made, number, Stage.SUBMITTED),
            ]
        )
        assert not [one for one in seen if isinstance(one, Exception)], seen
        _quiet(made)
        world.work()
        row = world.see(made)
        ends[row.state] += 1
        returned = world.attempts(made)[0].units
        fees = 2_000 - int(returned)
        # Settled and returned: the fees stay paid. Returned first: as if nothing had been.
        assert world.figures(ana) == (before - (fees if row.state == "COMPLETED" else 0), 0, 0)
        assert row.state in {"COMPLETED", "COMPENSATED"}

    sys.stdout.write(f"{dict(ends)}\n")
    sound()


def _work_and_close() -> None:
    try:
        world.work()
    finally:
        connections.close_all()


def _drain() -> str:
    drain.drain(domain="banking")
    return "drained"


def _cancel(transaction_id: UUID, owner: CustomerView) -> str:
    try:
        cancel.request(transaction_id=transaction_id, customer_id=owner.id, actor=f"customer:{owner.id.hex}")
    except errors.Conflict as conflict:
        return conflict.code
    return "canceled"


def _expire(transaction_id: UUID) -> str:
    world.past_deadline(transaction_id)
    sweeps.deadlines(limit=10)
    drain.drain(domain="banking")
    return "expired"


def _webhooks(transaction_id: UUID, number: int) -> str:
    for stage in (Stage.ACCEPTED, Stage.SUBMITTED):
        _report(transaction_id, number, stage)
    return "told"


def _report(transaction_id: UUID, number: int, stage: Stage) -> Result:
    row = world.see(transaction_id)
    report = Report(
        operation=Operation.PAYOUT,
        stage=stage,
        provider_ref=f"ref_{number}",
        key=news.key_of(transaction_id=transaction_id, operation="payout", provider="increase"),
        reference=row.public_id,
    )
    (result,) = outcomes.apply([Reported(provider="increase", source="webhook", report=report)])
    return result


def _finish(transaction_id: UUID, number: int) -> None:
    """Let what was sent settle, and what was not come to its end."""
    for _ in range(3):
        world.due_now(transaction_id)
        world.work()
    if world.attempts(transaction_id):
        _report(transaction_id, number, Stage.SETTLED)
    _quiet(transaction_id)


def _quiet(transaction_id: UUID) -> None:
    for _ in range(4):
        if world.see(transaction_id).due_at is not None:
            world.due_now(transaction_id)
            world.work()


def _lease_is_over(transaction_id: UUID) -> None:
    """Move the stored lease into the past, as time would, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orchestration_transaction SET lease_until = clock_timestamp() - interval '1 second' WHERE id = %s",
            [transaction_id],
        )
