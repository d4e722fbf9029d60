"""Reading contracts and balances of an EVM chain. Nothing here signs or sends.

Needs, all of it: no open database transaction. Raises, all of it: Unavailable, RateLimited; Refused
(``chain_unavailable``).
"""

from __future__ import annotations

from core.chains import abi, config
from core.chains.node import answers, client, reverts
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.providers import contract

LATEST = "latest"


def call(*, chain: str, to: str, data: bytes, sender: str = "", block: str = LATEST) -> bytes:
    """Return what a contract answers, as of ``block`` (a tag or a hexadecimal number).

    Raises: Rejected when the contract reverts, with our code and plain words.
    """
    request = {"to": to, "data": "0x" + data.hex()} | ({"from": sender} if sender else {})
    try:
        return answers.blob(client.of(chain).ask("eth_call", request, block))
    except client.NodeSays as said:
        raise rejected(said) from said


def rejected(said: client.NodeSays) -> contract.Rejected:
    """Return a revert as the rejection that it is; what is no revert stays as the node put it."""
    if not is_revert(said):
        return said
    found = reverts.decode(bytes.fromhex(said.data[2:]) if said.data.startswith("0x") else b"")
    return contract.Rejected(code=found.code, detail=found.detail, provider_code=found.said)


def is_revert(said: client.NodeSays) -> bool:
    """Say whether a node's refusal is a contract's revert."""
    return said.rpc_code == 3 or "revert" in said.said.lower()


def head(*, chain: str) -> int:
    """Return the number of the newest block."""
    return answers.number(client.of(chain).ask("eth_blockNumber"))


def balance(*, chain: str, address: str) -> Money:
    """Return what an address holds of the chain's own coin."""
    units = answers.number(client.of(chain).ask("eth_getBalance", address, LATEST))
    return Money(units, config.get(chain).native)


def token_balance(*, asset: Asset, address: str) -> Money:
    """Return what an address holds of a token."""
    return Money(_number(asset, "balanceOf(address)", address), asset)


def allowance(*, asset: Asset, owner: str, spender: str) -> Money:
    """Return how much of an owner's tokens a contract may take."""
    return Money(_number(asset, "allowance(address,address)", owner, spender), asset)


def _number(asset: Asset, signature: str, *values: str) -> int:
    chain = asset.chain or ""
    returned = call(chain=chain, to=config.get(chain).token(asset), data=abi.encode(signature, *values))
    return int(abi.decode("uint256", returned)[0])
