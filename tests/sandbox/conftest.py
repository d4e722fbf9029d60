"""Fixtures: one sandbox and one receiver for the whole run, and a sandbox of its own for a test that kills it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.rig import Receiver, Sandbox, environ


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory, shared_receiver: Receiver) -> Iterator[Sandbox]:
    base = f"http://127.0.0.1:{shared_receiver.port}"
    made = Sandbox(
        data=tmp_path_factory.mktemp("sandbox"),
        environ=environ(),
        stripe_url=f"{base}/stripe",
        increase_url=f"{base}/increase",
    )
    made.start()
    yield made
    assert made.stop() == 0
    assert "Traceback" not in (made.data / "log").read_text()


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Iterator[Receiver]:
    yield shared_receiver
    shared_receiver.answer = lambda _got: 200


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    yield shared_sandbox
    shared_sandbox.control("DELETE", "faults")


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox that the test may kill, not started yet."""
    made = Sandbox(data=tmp_path / "sandbox", environ=environ())
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()
