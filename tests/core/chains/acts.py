"""What the tests of the chains do again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.db.models import F

from core.chains import operations, watch
from core.chains.models import Broadcast, OperationState
from core.chains.operations import Step
from tests.chain.handle import Chain

ETHER = 10**18
DOLLAR = 10**6
QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
SWAP = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
FOUR = ("uint256", "uint160", "uint32", "uint256")


@dataclass
class Heard:
    operations: list[str] = field(default_factory=list)
    reorged: list[str] = field(default_factory=list)
    arrivals: list[watch.ArrivalView] = field(default_factory=list)


def pay(chain: Chain, *, key: str = "k1", wei: int = ETHER) -> operations.OperationView:
    step = Step(sender="treasury", to=chain.accounts[0], value=wei, label="pay")
    return operations.submit(key=key, chain="ethereum", steps=[step])


def blocks_with_something(chain: Chain, count: int) -> None:
    """Make blocks that differ from the empty ones that a reorganisation puts in their place."""
    for number in range(count):
        chain.mint("USDC:ethereum", chain.accounts[0], number + 1)


def state(key: str = "k1") -> OperationState:
    found = operations.status(key=key)
    assert found is not None
    return found.state


def older(by: timedelta) -> None:
    """Let everything that was signed and sent have happened earlier, on the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE chains_broadcast DISABLE TRIGGER chains_broadcast_terms")
        Broadcast.objects.update(signed_at=F("signed_at") - by, sent_at=F("sent_at") - by)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE chains_broadcast ENABLE TRIGGER chains_broadcast_terms")


def tick(chain: Chain) -> watch.Look:
    """Let the watcher look once, when everything that was sent is in a block (unless the test holds the mining)."""
    quiet(chain)
    return watch.tick(chain="ethereum")


def quiet(chain: Chain) -> None:
    """Wait until nothing waits: the node answers a little before it mines."""
    deadline = time.monotonic() + 5
    while chain.node.call("anvil_getAutomine") and int(chain.node.call("txpool_status")["pending"], 16):
        assert time.monotonic() < deadline, "the node does not mine"
        time.sleep(0.01)
