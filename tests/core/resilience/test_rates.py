"""Budgets are kept exactly within a window, shared by all, and never stand in the way when Redis is gone."""

import threading
import time

import pytest

from core.resilience import connections, rates
from tests.core.resilience.conftest import Valkey


def _in_the_first_half_of_a_second() -> None:
    """Wait until a window of one second by Redis's clock has begun, so that what follows fits into it."""
    while connections.client().time()[1] > 400_000:  # type: ignore[index]  # the client is not the async one
        time.sleep(0.01)


def test_a_budget_is_spent_to_the_last_and_then_refused(valkey: Valkey) -> None:
    verdicts = [rates.check("customer:1", limit="3/hour") for _ in range(5)]

    assert [one.allowed for one in verdicts] == [True, True, True, False, False]
    assert [one.remaining for one in verdicts] == [2, 1, 0, 0, 0]
    assert {one.limit for one in verdicts} == {3}
    assert all(1 <= one.reset_s <= 7200 for one in verdicts)


def test_keys_and_limits_have_budgets_of_their_own(valkey: Valkey) -> None:
    assert rates.check("customer:1", limit="1/hour").allowed
    assert rates.check("customer:2", limit="1/hour").allowed
    assert rates.check("customer:1", limit="1/minute").allowed
    assert not rates.check("customer:1", limit="1/hour").allowed


def test_the_window_slides_instead_of_starting_anew(valkey: Valkey) -> None:
    _in_the_first_half_of_a_second()
    for _ in range(10):
        assert rates.check("k", limit="10/second").allowed
    refused = rates.check("k", limit="10/second")
    assert not refused.allowed

    time.sleep(1)
    allowed = sum(rates.check("k", limit="10/second").allowed for _ in range(10))

    assert allowed <= 6, "the part of the last window that is not yet a second ago still counts"
    time.sleep(2)
    assert sum(rates.check("k", limit="10/second").allowed for _ in range(11)) == 10


def test_a_refused_client_gets_in_when_it_was_told_to_come_back(valkey: Valkey) -> None:
    _in_the_first_half_of_a_second()
    for _ in range(2):
        rates.check("k", limit="2/second")
    refused = rates.check("k", limit="2/second")
    assert not refused.allowed

    time.sleep(refused.reset_s)

    assert rates.check("k", limit="2/second").allowed


def test_concurrent_requests_spend_one_budget(valkey: Valkey) -> None:
    allowed: list[bool] = []

    def work() -> None:
        allowed.extend(rates.check("k", limit="30/hour").allowed for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(allowed) == 80
    assert sum(allowed) == 30


def test_a_check_is_one_question_to_redis(valkey: Valkey) -> None:
    rates.check("k", limit="30/hour")
    before = connections.client().info("commandstats")

    rates.check("k", limit="30/hour")

    after = connections.client().info("commandstats")
    assert after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"] == 1  # type: ignore[index]


def test_without_redis_everything_passes_quickly(valkey: Valkey) -> None:
    valkey.freeze()
    start = time.monotonic()

    verdicts = [rates.check("k", limit="1/hour") for _ in range(50)]

    assert all(one.allowed for one in verdicts)
    assert time.monotonic() - start < 1.2


def test_a_limit_that_cannot_be_read_is_a_defect() -> None:
    with pytest.raises(ValueError, match="couldn't parse"):
        rates.check("k", limit="often")
