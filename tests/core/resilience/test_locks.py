"""One holder at a time, numbers that rise, and a lock that frees itself."""

import threading
import time

import pytest

from core.resilience import connections, locks
from tests.core.resilience.conftest import Valkey, forget_outages


def test_a_second_caller_is_turned_away_until_the_first_lets_go(valkey: Valkey) -> None:
    with locks.hold("sweep", ttl_s=5):
        with pytest.raises(locks.Busy), locks.hold("sweep", ttl_s=5):
            pytest.fail("two held one lock")
        with locks.hold("other", ttl_s=5) as fence:
            assert fence > 0
    with locks.hold("sweep", ttl_s=5) as fence:
        assert fence > 0


def test_a_lock_is_freed_when_the_work_fails(valkey: Valkey) -> None:
    with pytest.raises(ZeroDivisionError), locks.hold("sweep", ttl_s=5):
        _ = 1 / 0

    with locks.hold("sweep", ttl_s=5) as fence:
        assert fence > 0


def test_fencing_numbers_rise_even_after_redis_forgot_everything(valkey: Valkey) -> None:
    numbers = []
    for _ in range(50):
        with locks.hold("sweep", ttl_s=5) as fence:
            numbers.append(fence)
    connections.client().flushall()
    with locks.hold("sweep", ttl_s=5) as fence:
        numbers.append(fence)

    assert numbers == sorted(set(numbers))


def test_a_dead_holders_lock_frees_itself_and_its_late_release_frees_nothing(valkey: Valkey) -> None:
    with locks.hold("sweep", ttl_s=0.05) as first:
        time.sleep(0.1)
        with locks.hold("sweep", ttl_s=5) as second:
            assert second > first
            taken = connections.client().get(connections.key("lock:{sweep}"))
    # The first holder is gone by now, and so is its right to release; the second released its own.
    assert taken is not None
    assert connections.client().get(connections.key("lock:{sweep}")) is None


def test_the_release_of_a_lost_lock_leaves_the_new_holders_alone(valkey: Valkey) -> None:
    slow = locks.hold("sweep", ttl_s=0.05)
    slow.__enter__()
    time.sleep(0.1)
    with locks.hold("sweep", ttl_s=5):
        slow.__exit__(None, None, None)

        with pytest.raises(locks.Busy), locks.hold("sweep", ttl_s=5):
            pytest.fail("a stranger's lock was released")


def test_waiting_gets_the_lock_when_it_is_let_go(valkey: Valkey) -> None:
    order: list[str] = []

    def second() -> None:
        with locks.hold("sweep", ttl_s=5, wait_s=3):
            order.append("second")

    with locks.hold("sweep", ttl_s=5):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_many_threads_never_meet_in_one_lock(valkey: Valkey) -> None:
    inside, met, numbers = [0], [0], []

    def work() -> None:
        for _ in range(10):
            with locks.hold("hot", ttl_s=5, wait_s=20) as fence:
                inside[0] += 1
                met[0] = max(met[0], inside[0])
                numbers.append(fence)
                time.sleep(0.001)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert met == [1]
    assert len(numbers) == 80
    assert numbers == sorted(set(numbers))


def test_without_redis_the_caller_is_told_within_half_a_second(valkey: Valkey) -> None:
    valkey.stop()
    start = time.monotonic()

    with pytest.raises(locks.Unavailable), locks.hold("sweep", ttl_s=5, wait_s=10):
        pytest.fail("held a lock of nobody")
    assert time.monotonic() - start < 0.6


def test_a_frozen_redis_is_waited_for_once_and_then_left_alone(valkey: Valkey) -> None:
    with locks.hold("warm", ttl_s=5):
        pass
    valkey.freeze()
    start = time.monotonic()
    for _ in range(20):
        with pytest.raises(locks.Unavailable), locks.hold("sweep", ttl_s=0.5):
            pytest.fail("held a lock of nobody")
    waited = time.monotonic() - start
    valkey.thaw()
    forget_outages()

    assert waited < 1.2
    # What was sent before the caller gave up may still be carried out: that lock frees itself by its lifetime.
    with locks.hold("sweep", ttl_s=5, wait_s=10) as fence:
        assert fence > 0
