"""Kraken's adapter when something goes wrong: lost answers, late ones, refusals, no turn, and what was executed."""

from __future__ import annotations

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.kernel.clock import FixedClock
from core.kernel.money import Money
from core.providers import calls, contract
from core.providers.contract import Report, Stage
from core.resilience import locks
from investing.providers import turns
from investing.providers.kraken.adapter import KrakenAdapter
from tests.contracts import subjects
from tests.contracts.subjects import IMPATIENT, LIMITS
from tests.contracts.trading import adapter_for, ask, buy, fault, sell, there
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "garbage"])
def test_a_lost_answer_is_found_by_our_own_name_and_was_executed_once(exchange: Sandbox, kind: str) -> None:
    order = buy()
    fault(exchange, order, kind)
    impatient = subjects.kraken(url=exchange.url, limits=IMPATIENT)
    impatient.listings()

    with pytest.raises(contract.OutcomeUnknown):
        impatient.submit(order)
    reports = [ask(impatient, order) for _ in range(3)]

    assert {report.provider_ref for report in reports} == {there(exchange, order)[0]["id"]}
    assert (reports[0].stage, reports[0].key) == (Stage.SETTLED, order.key)
    assert len(there(exchange, order)) == 1


def test_a_look_up_that_finds_nothing_proves_that_a_late_order_will_never_execute(exchange: Sandbox) -> None:
    order = buy()
    fault(exchange, order, "latency", delay_ms=1_000)
    impatient = subjects.kraken(url=exchange.url, limits=IMPATIENT)
    impatient.listings()

    with pytest.raises(contract.OutcomeUnknown):
        impatient.submit(order)
    assert impatient.status(subjects.query(order)) is None
    time.sleep(1.2)

    assert there(exchange, order) == []


def test_one_name_with_two_executions_is_for_a_person(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    kraken.submit(order)
    kraken.submit(order)

    with pytest.raises(contract.OutcomeUnknown) as caught:
        kraken.status(subjects.query(order))

    assert caught.value.code == "executed_twice"
    assert len(there(exchange, order)) == 2


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ("EOrder:Insufficient funds", contract.Unavailable, "cover_insufficient"),
        ("EOrder:Orders limit exceeded", contract.Unavailable, "provider_orders_limit"),
        ("EService:Market in post_only mode", contract.Unavailable, "market_closed"),
        ("EOrder:Order minimum not met", contract.Rejected, "order_minimum_not_met"),
        ("EGeneral:Invalid arguments:volume", contract.Rejected, "order_invalid"),
        ("EOrder:Rate limit exceeded", contract.RateLimited, "provider_rate_limited"),
        ("EGeneral:Temporary lockout", contract.RateLimited, "provider_rate_limited"),
        ("EService:Unavailable", contract.OutcomeUnknown, "outcome_unknown"),
        ("EGeneral:Internal error[5]", contract.OutcomeUnknown, "outcome_unknown"),
        ("EOrder:Something new", contract.OutcomeUnknown, "outcome_unknown"),
        ("EOrder:cl_ord_id already in use", contract.OutcomeUnknown, "key_in_use"),
    ],
)
def test_what_each_refusal_means(
    kraken: KrakenAdapter, exchange: Sandbox, error: str, kind: type[contract.ProviderError], code: str
) -> None:
    order = buy()
    fault(exchange, order, "refuse", code=error)

    with pytest.raises(contract.ProviderError) as caught:
        kraken.submit(order)

    assert (type(caught.value), caught.value.code, caught.value.provider_code) == (kind, code, error)
    assert there(exchange, order) == []


def test_too_little_on_our_account_is_not_the_customers_failure(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    exchange.control("POST", "kraken/funds", {"asset": "SOL", "amount": "99999", "take": True})
    order = dataclasses.replace(
        sell(),
        amount=Money.of(5 * 10**9, "SOL:solana"),
        terms={"side": "sell", "pair": "SOL/USD", "limit_price": "1.00"},
    )

    with pytest.raises(contract.Unavailable) as caught:
        kraken.submit(order)

    assert caught.value.code == "cover_insufficient"
    exchange.control("POST", "kraken/funds", {"asset": "SOL", "amount": "99999"})


def test_an_order_that_arrives_after_its_deadline_is_not_executed(exchange: Sandbox) -> None:
    slow = adapter_for(exchange, clock=FixedClock(datetime.now(UTC) - timedelta(minutes=1)))
    order = buy()

    with pytest.raises(contract.Unavailable) as caught:
        slow.submit(order)

    assert caught.value.code == "deadline_elapsed"
    assert there(exchange, order) == []


def test_the_deadline_runs_from_the_moment_at_which_it_is_asked(
    exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long looking at the book takes: what proves absence counts from the asking, too."""
    clock = FixedClock(datetime.now(UTC) - timedelta(seconds=30))
    slow, order = adapter_for(exchange, clock=clock), buy()
    slow.listings()
    look = slow._client.public

    def slowly(method: str, **how: Any) -> Any:
        clock.move(timedelta(seconds=30))
        return look(method, **how)

    monkeypatch.setattr(slow._client, "public", slowly)

    with pytest.raises(contract.Unavailable) as caught:
        slow.submit(order)

    assert caught.value.code == "deadline_elapsed"
    assert there(exchange, order) == []


def test_many_threads_with_one_key_take_turns(exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    # The log of a thread's calls would be committed for good, outside this test's transaction.
    monkeypatch.setattr(calls, "record", lambda _row: None)
    adapters = [subjects.kraken(url=exchange.url, limits=LIMITS) for _ in range(2)]
    orders = [buy(20_00) for _ in range(24)]
    start = threading.Barrier(8)

    def trade(place: int) -> list[Report]:
        start.wait()
        mine = adapters[place % 2]
        return [ask(mine, order, ref=mine.submit(order).provider_ref) for order in orders[place::8]]

    with ThreadPoolExecutor(8) as pool:
        reports = [report for some in pool.map(trade, range(8)) for report in some]

    assert {report.stage for report in reports} == {Stage.SETTLED}
    assert [len(there(exchange, order)) for order in orders] == [1] * 24


@pytest.mark.parametrize("error", [locks.Busy, locks.Unavailable])
def test_without_a_turn_nothing_is_sent(
    exchange: Sandbox, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    kraken, order = subjects.kraken(url=exchange.url, limits=LIMITS), buy()
    monkeypatch.setattr(turns.locks, "hold", refuse)

    with pytest.raises(contract.Unavailable) as caught:
        kraken.submit(order)

    assert caught.value.code == "nonce_unavailable"
    assert there(exchange, order) == []


@pytest.mark.parametrize("mode", ["maintenance", "cancel_only"])
def test_the_probe_sees_that_the_market_is_closed(kraken: KrakenAdapter, exchange: Sandbox, mode: str) -> None:
    kraken.probe()
    exchange.control("POST", "kraken/market", {"status": mode})

    with pytest.raises(contract.Unavailable):
        kraken.probe()
