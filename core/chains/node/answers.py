"""What a node tells, read strictly: blocks with their transactions, receipts, logs, quantities."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from core.providers import contract
from core.providers.transport.wire import Doc, Malformed

T = TypeVar("T")
_QUANTITY = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,63})", re.ASCII)
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One event that a contract wrote. Hexadecimal texts in lower case; ``index`` counts within the block."""

    address: str
    topics: tuple[str, ...]
    data: str
    index: int

    def stored(self) -> dict[str, object]:
        """Return it as JSON keeps it."""
        return {"address": self.address, "topics": list(self.topics), "data": self.data, "index": self.index}

    @classmethod
    def from_stored(cls, kept: Mapping[str, object]) -> Log:
        """Read what ``stored`` returned."""
        topics, index = kept["topics"], kept["index"]
        assert isinstance(topics, list)  # noqa: S101 - our own column
        assert isinstance(index, int)  # noqa: S101 - our own column
        return cls(address=str(kept["address"]), topics=tuple(topics), data=str(kept["data"]), index=index)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLog:
    """A log with the transaction that wrote it."""

    log: Log
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One transaction as a block holds it. Addresses in lower case; ``to`` is empty where a contract is made."""

    tx_hash: str
    sender: str
    to: str
    value: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One block; ``transactions`` are there when they were asked for."""

    number: int
    block_hash: str
    parent_hash: str
    at: datetime
    transactions: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one transaction in its block."""

    tx_hash: str
    block_hash: str
    block_number: int
    position: int
    succeeded: bool
    gas_used: int
    gas_price: int
    logs: tuple[Log, ...]


def quantity(value: object) -> int:
    """Read a number.

    Raises: Malformed.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise Malformed(f"{str(value)[:70]!r} is not a quantity")
    return int(value, 16)


def data(value: object) -> str:
    """Read bytes as a hexadecimal text in lower case.

    Raises: Malformed.
    """
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise Malformed("not hexadecimal data")
    return value.lower()


def raw(value: object) -> bytes:
    """Read bytes.

    Raises: Malformed.
    """
    return bytes.fromhex(data(value)[2:])


def header(value: object) -> Header | None:
    """Read a block; None for one that the node does not have.

    Raises: Unavailable, for what is no block: nothing can be said then.
    """
    return None if value is None else _read(value, _header)


def receipt(value: object) -> Receipt | None:
    """Read a receipt; None for a transaction that is in no block.

    Raises: Unavailable.
    """
    return None if value is None else _read(value, _receipt)


def logs(value: object) -> list[MovedLog]:
    """Read the answer of eth_getLogs.

    Raises: Unavailable.
    """
    return _read({"logs": value}, lambda doc: [_moved(each) for each in doc.docs("logs")])


def number(value: object) -> int:
    """Read an answer that is one number.

    Raises: Unavailable.
    """
    return _read({"number": value}, lambda doc: quantity(doc.text("number")))


def blob(value: object) -> bytes:
    """Read an answer that is bytes.

    Raises: Unavailable.
    """
    return _read({"data": value}, lambda doc: raw(doc.text("data")))


def _read(value: object, read: Callable[[Doc], T]) -> T:
    try:
        if not isinstance(value, dict):
            raise Malformed("not an object")
        return read(Doc(value))
    except Malformed as fault:
        raise contract.Unavailable(code="node_unavailable", detail=f"The node's answer is {fault}.") from fault


def _header(doc: Doc) -> Header:
    return Header(
        number=quantity(doc.text("number")),
        block_hash=data(doc.text("hash")),
        parent_hash=data(doc.text("parentHash")),
        at=datetime.fromtimestamp(quantity(doc.text("timestamp")), UTC),
        transactions=tuple(_sent(each) for each in _objects(doc, "transactions")),
    )


def _objects(doc: Doc, name: str) -> Sequence[Doc]:
    """Return a list's objects; a list of mere hashes gives none."""
    value = doc.fields.get(name)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return []
    return doc.docs(name)


def _sent(doc: Doc) -> Sent:
    return Sent(
        tx_hash=data(doc.text("hash")),
        sender=data(doc.text("from")),
        to=data(doc.find_text("to") or "0x"),
        value=quantity(doc.text("value")),
        nonce=quantity(doc.text("nonce")),
    )


def _receipt(doc: Doc) -> Receipt:
    return Receipt(
        tx_hash=data(doc.text("transactionHash")),
        block_hash=data(doc.text("blockHash")),
        block_number=quantity(doc.text("blockNumber")),
        position=quantity(doc.text("transactionIndex")),
        succeeded=quantity(doc.text("status")) == 1,
        gas_used=quantity(doc.text("gasUsed")),
        gas_price=quantity(doc.text("effectiveGasPrice")),
        logs=tuple(_log(each) for each in doc.docs("logs")),
    )


def _log(doc: Doc) -> Log:
    topics = doc.fields.get("topics")
    if not isinstance(topics, list):
        raise Malformed("topics is not a list")
    return Log(
        address=data(doc.text("address")),
        topics=tuple(data(topic) for topic in topics),
        data=data(doc.text("data")),
        index=quantity(doc.text("logIndex")),
    )


def _moved(doc: Doc) -> MovedLog:
    return MovedLog(log=_log(doc), tx_hash=data(doc.text("transactionHash")))
