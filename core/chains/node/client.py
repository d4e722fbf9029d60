"""JSON-RPC to one node. Every failure is one of a provider's four errors; only sending can be of unknown outcome.

API: https://ethereum.github.io/execution-apis/ (checked 2026-11). Auth: a key in the address, which is never logged.
Quantities are hexadecimal texts without leading zeros, data is hexadecimal with a whole number of bytes.
"""

from __future__ import annotations

import functools
import itertools
import json
from urllib.parse import urlsplit

from core.chains import config
from core.chains.config import ChainConfig
from core.kernel import errors
from core.providers import contract
from core.providers.transport import http
from core.providers.transport.wire import Doc, Malformed

SEND = "eth_sendRawTransaction"
_LIMITS = http.Limits(connect_s=3.0, read_s=10.0, total_s=15.0, response_bytes=30_000_000)
_TOO_FAST = frozenset({-32005, 429})
_BUSY = frozenset({-32603, -32001})
_numbers = itertools.count(1)


class NodeSays(contract.Rejected):
    """The node understood and said no. ``rpc_code`` and ``said`` are its own; ``data`` is what a revert returned."""

    default_code = "node_refused"

    def __init__(self, *, rpc_code: int, said: str, data: object = None) -> None:
        self.rpc_code = rpc_code
        self.said = said
        self.data = data if isinstance(data, str) else ""
        super().__init__(detail=f"The node says: {said}", provider_code=str(rpc_code))


class WrongChain(errors.SystemFault):
    """The node is of another chain than we are set up for. Nothing is signed or read from it."""

    default_code = "wrong_chain"


class Node:
    """One node of one chain. Safe to share between threads."""

    def __init__(self, *, chain: str, rpc_url: str, chain_id: int) -> None:
        host = urlsplit(rpc_url).hostname or ""
        self._chain = chain
        self._chain_id = chain_id
        self._is_ours = False
        self._client = http.Client(
            provider=chain,
            base_url=rpc_url,
            allowed_hosts=frozenset({host}),
            headers={"Content-Type": "application/json"},
            limits=_LIMITS,
        )

    def ask(self, method: str, *params: object) -> object:
        """Return the result of one method.

        Needs: no open database transaction.
        Raises: NodeSays; Unavailable, RateLimited; WrongChain.
        """
        self._know_chain()
        return self._ask(method, params)

    def send(self, raw: str, *, tx_hash: str, key: str) -> None:
        """Offer a signed transaction; ``key`` is the operation's, for the log of calls.

        Raises: as ``ask``.
        """
        self._know_chain()
        self._ask(SEND, (raw,), loggable={"method": SEND, "hash": tx_hash}, key=key)

    def _know_chain(self) -> None:
        """Ask once which chain this is: a signature for one must never be offered to another."""
        if self._is_ours:
            return
        found = self._ask("eth_chainId", ())
        if found != hex(self._chain_id):
            raise WrongChain(detail=f"The node of {self._chain} says that it is chain {found}, not {self._chain_id}.")
        self._is_ours = True

    def _ask(self, method: str, params: tuple[object, ...], *, loggable: object = None, key: str = "") -> object:
        number = next(_numbers)
        asked = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        call = http.Call(
            operation=method,
            method="POST",
            path="",
            body=json.dumps(asked, separators=(",", ":")).encode(),
            loggable=loggable,
            logged=method == SEND,
            key=key,
        )
        try:
            doc = self._client.send(call).doc
        except contract.OutcomeUnknown as fault:
            if method == SEND:
                raise
            raise contract.Unavailable(code="node_unavailable", detail=fault.detail) from fault
        return _result(doc, number, method)


def of(chain: str) -> Node:
    """Return the node of a chain.

    Raises: Refused (``chain_unavailable``).
    """
    given: ChainConfig = config.get(chain)
    return _node(chain, given.rpc_url, given.chain_id)


@functools.lru_cache(maxsize=16)
def _node(chain: str, rpc_url: str, chain_id: int) -> Node:
    return Node(chain=chain, rpc_url=rpc_url, chain_id=chain_id)


def _result(doc: Doc, number: int, method: str) -> object:
    try:
        failed = doc.find_doc("error")
        if failed is not None:
            raise _refusal(failed)
        if doc.find_whole("id") != number or "result" not in doc.fields:
            raise Malformed("it answers another question")
    except Malformed as fault:
        detail = f"The node's answer to {method} is malformed: {fault}."
        if method == SEND:
            raise contract.OutcomeUnknown(detail=detail) from fault
        raise contract.Unavailable(code="node_unavailable", detail=detail) from fault
    return doc.fields["result"]


def _refusal(failed: Doc) -> contract.ProviderError:
    code, said = failed.whole("code"), failed.find_text("message")
    if code in _TOO_FAST:
        return contract.RateLimited(retry_after_s=1.0, detail=f"The node says: {said}", provider_code=str(code))
    if code in _BUSY or "header not found" in said:
        return contract.Unavailable(code="node_unavailable", detail=f"The node says: {said}", provider_code=str(code))
    return NodeSays(rpc_code=code, said=said, data=failed.fields.get("data"))
