"""The fixture `chain`: one node for all tests of a process, put back to where it was after each.

Loaded with `-p` (pyproject), so that every test can ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.chain import build, packages, process, serve
from tests.chain.handle import Chain

CONFIRMATIONS = 12


@pytest.fixture(scope="session")
def chain_build() -> build.Built:
    """Give the chain's first state, made at most once per version; only a machine without Node goes without."""
    try:
        return build.ensure()
    except packages.NodeMissing as reason:
        pytest.skip(f"chain: {reason}")


@pytest.fixture(scope="session")
def chain_session(chain_build: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Run one node; use `chain`, which cleans up behind each test."""
    node = process.Node(
        program=chain_build.program,
        port=build.free_port(),
        folder=tmp_path_factory.mktemp("chain"),
        state=chain_build.state,
    )
    try:
        connection = node.start()
        connection.call("evm_mine")  # the state may be old: tests start at the present
        facts = serve.facts(url=node.url, known=chain_build.contracts, confirmations=CONFIRMATIONS)
        assert node.child is not None
        yield Chain(node=connection, facts=facts, pid=node.child.pid)
    finally:
        node.stop()


@pytest.fixture
def chain(chain_session: Chain) -> Iterator[Chain]:
    """Give a chain on which a test may do anything: blocks, time and waiting transactions are put back afterwards."""
    call = chain_session.node.call
    before: Any = call("evm_snapshot")
    yield chain_session
    call("anvil_dropAllTransactions")
    assert call("evm_revert", before)
