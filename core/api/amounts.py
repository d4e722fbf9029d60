"""Amounts at the door: read strictly from JSON, written exactly. Always strings, never JSON numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.kernel import assets, errors
from core.kernel.assets import Asset
from core.kernel.money import Money


def parse_money(data: object, *, pointer: str) -> Money:
    """Read ``{"amount":"100.25","asset":"USDC","chain":"solana"}``; ``pointer`` is where it stands in the body.

    Raises: InvalidInput that names the field (``required``, ``invalid_amount``, ``too_many_decimals``,
    ``unknown_asset``, ``chain_required``, ``unknown_chain``, ``wrong_chain``, ``unknown_field``, ``invalid_type``).
    """
    fields = _object(data, ("amount", "asset", "chain"), pointer)
    asset = _asset(fields, pointer)
    if "amount" not in fields:
        raise errors.InvalidInput(code="required", detail="Give an amount.", pointer=f"{pointer}/amount")
    return Money.parse(fields["amount"], asset, pointer=f"{pointer}/amount")


def parse_asset(data: object, *, pointer: str) -> Asset:
    """Read ``{"asset":"USDC","chain":"solana"}``, where no amount is given.

    Raises: as ``parse_money``.
    """
    return _asset(_object(data, ("asset", "chain"), pointer), pointer)


def render(money: Money) -> dict[str, str]:
    """Return the contract's form of an amount: fiat has no chain."""
    shown = {"amount": money.text, "asset": money.asset.symbol}
    if money.asset.chain is not None:
        shown["chain"] = money.asset.chain
    return shown


def render_asset(asset: Asset) -> dict[str, str]:
    """Return the contract's form of an asset without an amount."""
    return {"asset": asset.symbol} if asset.chain is None else {"asset": asset.symbol, "chain": asset.chain}


def _asset(fields: dict[str, Any], pointer: str) -> Asset:
    symbol, chain = fields.get("asset"), fields.get("chain")
    if not isinstance(symbol, str):
        raise errors.InvalidInput(code="required", detail='Give an asset such as "USD".', pointer=f"{pointer}/asset")
    if chain is not None and not isinstance(chain, str):
        raise errors.InvalidInput(code="unknown_chain", detail="A chain is a string.", pointer=f"{pointer}/chain")
    try:
        return assets.resolve(symbol=symbol, chain=chain)
    except errors.InvalidInput as error:
        raise errors.InvalidInput(code=error.code, detail=error.detail, pointer=f"{pointer}{error.pointer}") from None


def _object(data: object, allowed: Collection[str], pointer: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise errors.InvalidInput(code="invalid_type", detail="This must be an object.", pointer=pointer)
    for name in data:
        if name not in allowed:
            raise errors.InvalidInput(
                code="unknown_field", detail="There is no such field here.", pointer=f"{pointer}/{name}"
            )
    return data
