"""Turns of a key: one caller at a time, nonces that rise, nothing while nobody can be first."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.providers import contract
from core.resilience import locks
from investing.providers import turns


def test_nonces_rise_and_turns_do_not_overlap_between_threads() -> None:
    key, drawn, inside = secrets.token_hex(8), list[int](), list[int]()
    start = threading.Barrier(6)

    def work() -> None:
        taken = turns.of(provider="kraken", api_key=key)
        start.wait()
        for _ in range(10):
            with taken() as nonce:
                inside.append(1)
                assert len(inside) == 1
                drawn.append(nonce)
                inside.pop()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work) for _ in range(6)]:
            done.result()

    assert drawn == sorted(set(drawn))
    assert len(drawn) == 60


def test_two_keys_do_not_wait_for_each_other() -> None:
    with (
        turns.of(provider="kraken", api_key=secrets.token_hex(8))() as one,
        turns.of(provider="kraken", api_key=secrets.token_hex(8))() as other,
    ):
        assert one
        assert other


def test_a_turn_ends_with_its_error() -> None:
    taken = turns.of(provider="kraken", api_key=secrets.token_hex(8))

    def fail() -> None:
        with taken():
            raise contract.OutcomeUnknown

    with pytest.raises(contract.OutcomeUnknown):
        fail()
    with taken() as nonce:
        assert nonce > 0


@pytest.mark.parametrize("error", [locks.Busy, locks.Unavailable])
def test_no_turn_means_that_nothing_was_sent(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(turns.locks, "hold", refuse)

    with pytest.raises(contract.Unavailable) as caught, turns.of(provider="kraken", api_key="key")():
        pass
    assert caught.value.code == "nonce_unavailable"


def test_the_key_is_not_in_the_name_of_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    real = locks.hold
    monkeypatch.setattr(turns.locks, "hold", lambda name, **given: (names.append(name), real(name, **given))[1])

    with turns.of(provider="kraken", api_key="a-key-of-ours")():
        pass

    assert "a-key-of-ours" not in names[0]
    assert names[0].startswith("nonce:kraken:")
