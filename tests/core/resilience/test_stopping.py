"""A command that runs until it is told hears both ways of being told."""

import os
import signal
from collections.abc import Generator

import pytest

from core.resilience import stopping


@pytest.fixture(autouse=True)
def handlers_as_before() -> Generator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_told_by_a_signal_and_not_before(number: signal.Signals) -> None:
    told = stopping.event()
    assert not told.is_set()

    os.kill(os.getpid(), number)

    assert told.wait(5)
