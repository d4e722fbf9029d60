"""One real sandbox for the suite, and each provider as the suite sees it."""

from collections.abc import Iterator

import pytest

from investing.providers.kraken.adapter import KrakenAdapter
from tests.contracts import subjects
from tests.contracts.subjects import Subject
from tests.sandbox.rig import Receiver, Sandbox, environ


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Sandbox]:
    base = f"http://127.0.0.1:{receiver.port}"
    made = Sandbox(
        data=tmp_path_factory.mktemp("contracts"),
        environ=environ(),
        stripe_url=f"{base}/stripe",
        increase_url=f"{base}/increase",
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    yield running_sandbox
    running_sandbox.control("DELETE", "faults")


@pytest.fixture(params=subjects.CODES)
def subject(request: pytest.FixtureRequest, sandbox: Sandbox) -> Subject:
    return subjects.build(code=request.param, sandbox=sandbox)


@pytest.fixture
def exchange(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The exchange with a bitcoin at 100,000 dollars and 100,000 dollars on each level."""
    sandbox.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 5, "size": 100_000, "spread": 500})
    sandbox.control("POST", "kraken/price", {"pair": "XBTUSD", "price": "100000.0"})
    yield sandbox
    sandbox.control("POST", "kraken/market", {"status": "online"})


@pytest.fixture
def kraken(exchange: Sandbox) -> KrakenAdapter:
    return subjects.kraken(url=exchange.url, limits=subjects.LIMITS)
