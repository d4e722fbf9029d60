"""What a block holds for us: our transactions, transfers to our addresses, and transactions that nobody authorised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.chains import abi, config, wallets
from core.chains.models import Broadcast, Wallet
from core.chains.models.arrival import NATIVE
from core.chains.node import answers, client, reverts
from core.chains.node.answers import Header, Receipt, Sent
from core.kernel.assets import Asset
from core.providers import contract

TRANSFER = abi.topic("Transfer(address,address,uint256)")
_TOPICS = 3
# Three calls deep, all but one of so many parts are used up when the innermost has nothing left.
_PARTS = 16


class Shifted(contract.Unavailable):
    """The chain changed while it was read: look again."""

    default_code = "chain_shifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """One of our transactions in the block, with what came of it."""

    broadcast: Broadcast
    receipt: Receipt
    reason: reverts.Revert | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """A transaction from an address of ours that we never signed."""

    wallet: Wallet
    nonce: int
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A transfer to an address of ours in a transaction that is not ours."""

    wallet: Wallet
    asset: Asset
    units: int
    sender: str
    tx_hash: str
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything in one block that concerns us."""

    header: Header
    ours: Sequence[Ours] = ()
    strange: Sequence[Strange] = ()
    incoming: Sequence[Incoming] = ()


def header(*, chain: str, which: str, full: bool = False) -> Header | None:
    """Return a block by its tag or hexadecimal number, None if the node has none."""
    return answers.header(client.of(chain).ask("eth_getBlockByNumber", which, full))


def read(*, chain: str, number: int) -> Content:
    """Read one block whole.

    Needs: no open database transaction.
    Raises: Shifted when the chain changed meanwhile; Unavailable.
    """
    found = header(chain=chain, which=hex(number), full=True)
    if found is None or found.number != number:
        raise Shifted(detail=f"{chain} has no block {number} any more.")
    transfers = _transfers(chain, found)
    mine = {
        sent.tx_hash: sent
        for sent in Broadcast.objects.select_related("transaction").filter(
            tx_hash__in=[each.tx_hash for each in found.transactions]
        )
    }
    places = wallets.with_addresses(
        chain=chain,
        addresses=[address for each in found.transactions for address in (each.sender, each.to)]
        + [_receiver(moved.log) for moved in transfers],
    )
    return Content(
        header=found,
        ours=[_ours(chain, found, mine[each.tx_hash]) for each in found.transactions if each.tx_hash in mine],
        strange=[
            Strange(wallet=places[each.sender], nonce=each.nonce, receipt=_receipt(chain, found, each.tx_hash))
            for each in found.transactions
            if each.sender in places and each.tx_hash not in mine
        ],
        incoming=[
            *_coins(chain, found, [each for each in found.transactions if each.tx_hash not in mine], places),
            *_tokens(chain, [moved for moved in transfers if moved.tx_hash not in mine], places),
        ],
    )


def _transfers(chain: str, found: Header) -> list[answers.MovedLog]:
    """Return the transfers of our tokens in exactly this block."""
    tokens = config.get(chain).watched()
    if not tokens or not found.transactions:
        return []
    asked = {"blockHash": found.block_hash, "address": sorted(tokens), "topics": [TRANSFER]}
    try:
        told = answers.logs(client.of(chain).ask("eth_getLogs", asked))
    except client.NodeSays as said:  # the block is no longer the chain's
        raise Shifted(detail=said.detail) from said
    return [moved for moved in told if len(moved.log.topics) == _TOPICS]


def _receiver(log: answers.Log) -> str:
    return "0x" + log.topics[2][-40:]


def _ours(chain: str, found: Header, sent: Broadcast) -> Ours:
    told = _receipt(chain, found, sent.tx_hash)
    return Ours(broadcast=sent, receipt=told, reason=None if told.succeeded else _why(chain, sent, told))


def _receipt(chain: str, found: Header, tx_hash: str) -> Receipt:
    told = answers.receipt(client.of(chain).ask("eth_getTransactionReceipt", tx_hash))
    if told is None or told.block_hash != found.block_hash:
        raise Shifted(detail=f"{tx_hash} is no longer in block {found.number}.")
    return told


def _why(chain: str, sent: Broadcast, told: Receipt) -> reverts.Revert:
    """Find out why it was refused: from the node's trace, else by running it again where it ran."""
    limit = sent.transaction.gas_limit
    if told.gas_used >= limit:
        return reverts.OUT_OF_GAS
    returned = _traced(chain, told)
    if returned is None:
        returned = _repeated(chain, sent, told)
    # A call inside a call gets 63 of 64 parts of the gas: where it ran out, its caller gives up without a word.
    if returned == b"" and told.gas_used * _PARTS >= limit * (_PARTS - 1):
        return reverts.OUT_OF_GAS
    if returned is None:
        return reverts.Revert(
            code=reverts.UNEXPLAINED, detail="The contract refused it; the reason can no longer be told.", said=""
        )
    return reverts.decode(returned)


def _traced(chain: str, told: Receipt) -> bytes | None:
    """Return what the call returned when it was carried out; None from the many nodes that do not trace."""
    how = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
    try:
        trace = client.of(chain).ask("debug_traceTransaction", told.tx_hash, how)
    except client.NodeSays:
        return None
    output = trace.get("output") if isinstance(trace, dict) else None
    return answers.blob(output) if output else None


def _repeated(chain: str, sent: Broadcast, told: Receipt) -> bytes | None:
    """Run it again at the end of its block, where what came before it in the block is done, and of the one before."""
    step = sent.transaction
    request = {
        "from": step.wallet.address,
        "to": step.to,
        "value": hex(int(step.value)),
        "data": step.data or "0x",
        "gas": hex(step.gas_limit),
    }
    for number in (told.block_number, told.block_number - 1):
        try:
            client.of(chain).ask("eth_call", request, hex(number))
        except client.NodeSays as said:
            return answers.blob(said.data or "0x")
    return None


def _coins(chain: str, found: Header, sent: Sequence[Sent], places: dict[str, Wallet]) -> list[Incoming]:
    """Return what came in of the chain's own coin. A transaction that failed brought nothing."""
    return [
        Incoming(
            wallet=places[each.to],
            asset=config.get(chain).native,
            units=each.value,
            sender=each.sender,
            tx_hash=each.tx_hash,
            log_index=NATIVE,
        )
        for each in sent
        if each.value and each.to in places and _receipt(chain, found, each.tx_hash).succeeded
    ]


def _tokens(chain: str, moved: Sequence[answers.MovedLog], places: dict[str, Wallet]) -> list[Incoming]:
    tokens = config.get(chain).watched()
    return [
        Incoming(
            wallet=places[_receiver(each.log)],
            asset=tokens[each.log.address],
            units=int(each.log.data, 16),
            sender="0x" + each.log.topics[1][-40:],
            tx_hash=each.tx_hash,
            log_index=each.log.index,
        )
        for each in moved
        if _receiver(each.log) in places and int(each.log.data, 16)
    ]
