"""How the wallet and the statement are rendered, and how OpenAPI shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from core.api import amounts
from core.kernel import ids
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger.reading.values import StatementLine
from core.market import shapes as prices
from core.market.market import Price
from core.market.shapes import PriceShape
from core.wallet import valuation
from core.wallet.figures import Figures
from core.wallet.queries import Holding, Wallet
from core.wallet.valuation import Account, Position, Worth


class AmountShape(serializers.Serializer[Any]):
    amount = serializers.CharField()
    asset = serializers.CharField()
    chain = serializers.CharField(required=False)


class SignedShape(AmountShape):
    amount = serializers.CharField(help_text="Negative for a loss.")


class FiguresShape(serializers.Serializer[Any]):
    available = AmountShape()
    held = AmountShape()
    incoming = AmountShape()
    total = AmountShape()
    reversible = AmountShape(help_text="Part of the total that its sender may still take back.")
    withdrawable = AmountShape()
    value = AmountShape(allow_null=True, help_text="Of the total, in the display currency; null: nobody can say.")
    value_reason = serializers.CharField(allow_null=True)


class WorthShape(FiguresShape):
    value = AmountShape(allow_null=True, help_text="Of the total and of the open positions, in the display currency.")
    positions = AmountShape(help_text="What open positions are worth; not spendable, and in no other figure but value.")
    unvalued = serializers.ListField(child=serializers.CharField(), help_text="Assets that no figure here contains.")
    price_age_seconds = serializers.IntegerField(allow_null=True, help_text="Of the oldest price in it; null: none.")
    stale = serializers.BooleanField(help_text="Whether a price or a position in it is older than it should be.")


class DomainShape(WorthShape):
    domain = serializers.CharField()


class ChainShape(WorthShape):
    chain = serializers.CharField(allow_null=True, help_text="null is money in banks.")


class CustodyShape(WorthShape):
    custody = serializers.CharField(help_text="pooled: a claim on us. wallet: at the customer's own address.")


class AssetShape(FiguresShape):
    asset = serializers.CharField()
    chain = serializers.CharField(allow_null=True)
    price = PriceShape(allow_null=True, help_text="By which it is valued; null for the display currency in itself.")


class AccountShape(AssetShape):
    domain = serializers.CharField()
    custody = serializers.CharField()


class PositionShape(serializers.Serializer[Any]):
    id = serializers.CharField(allow_null=True)
    domain = serializers.CharField()
    kind = serializers.ChoiceField(choices=["strategy", "holding"])
    name = serializers.CharField()
    status = serializers.CharField()
    custody = serializers.CharField()
    units = AmountShape(help_text="What is held: for a strategy units that do not rebase, for a holding the coins.")
    brings = AmountShape(allow_null=True, help_text="What it would bring now, in the asset it would come back in.")
    cost_basis = AmountShape(allow_null=True)
    unrealised = SignedShape(allow_null=True, help_text="What it would bring beyond its cost.")
    realised = SignedShape(allow_null=True, help_text="What it has brought so far beyond its cost.")
    value = AmountShape(allow_null=True, help_text="In the display currency.")
    value_reason = serializers.CharField(allow_null=True)
    price = PriceShape(allow_null=True)
    in_balances = serializers.BooleanField(
        help_text="Whether its units are a balance already: its value is there then."
    )
    opened_at = serializers.DateTimeField(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()
    facts = serializers.DictField(child=serializers.CharField())


class WalletAnswer(serializers.Serializer[Any]):
    object = serializers.CharField()
    display_currency = serializers.CharField()
    as_of = serializers.DateTimeField()
    stale = serializers.BooleanField(help_text="Whether any figure is. Amounts never are: they are the ledger's own.")
    totals = WorthShape()
    domains = DomainShape(many=True)
    chains = ChainShape(many=True)
    custodies = CustodyShape(many=True)
    assets = AssetShape(many=True)
    accounts = AccountShape(many=True)
    positions = PositionShape(many=True)
    positions_unavailable = serializers.ListField(
        child=serializers.CharField(), help_text="Domains whose positions could not be told now."
    )
    owed = AmountShape(many=True)
    blocked = AmountShape(many=True)


class LineAnswer(serializers.Serializer[Any]):
    entry_id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    transaction_id = serializers.CharField(allow_null=True)
    account = serializers.CharField()
    direction = serializers.ChoiceField(choices=["credit", "debit"])
    money = AmountShape()
    balance = AmountShape(help_text="Of this account right after this line; negative only where something is owed.")


def wallet(found: Wallet) -> dict[str, Any]:
    """Return the wallet. Its amounts are read from the ledger itself; only prices and positions can be stale."""
    return {
        "object": "wallet",
        "display_currency": found.currency.symbol,
        "as_of": found.as_of,
        "stale": found.total.is_stale or bool(found.untold),
        "totals": _worth(found.total),
        "domains": [{"domain": domain, **_worth(part)} for domain, part in found.domains],
        "chains": [{"chain": chain, **_worth(part)} for chain, part in found.chains],
        "custodies": [{"custody": custody, **_worth(part)} for custody, part in found.custodies],
        "assets": [_held(part) for part in found.assets],
        "accounts": [_account(part) for part in found.accounts],
        "positions": [_position(each) for each in found.positions],
        "positions_unavailable": list(found.untold),
        "owed": _amounts(found.owed),
        "blocked": _amounts(found.blocked),
    }


def line(row: StatementLine) -> dict[str, Any]:
    """Return one line of the statement."""
    return {
        "entry_id": ids.render(ids.Prefix.ENTRY, row.entry_id),
        "at": row.posted_at,
        "kind": row.kind,
        "transaction_id": transaction_id(row),
        "account": account_name(row),
        "direction": "debit" if row.amount.units < 0 else "credit",
        "money": amounts.render(Money(abs(row.amount.units), row.amount.asset)),
        "balance": amounts.render(row.balance),
    }


def transaction_id(row: StatementLine) -> str | None:
    """Return the public id of the transaction that moved the money, if one did."""
    return None if row.transaction_id is None else ids.render(ids.Prefix.TRANSACTION, row.transaction_id)


def account_name(row: StatementLine) -> str:
    """Return the account without its owner, such as ``banking:pooled`` or ``receivable``."""
    return row.account.split(":", 2)[2]


def _figures(part: Figures, value: Money | None) -> dict[str, Any]:
    return {
        "available": amounts.render(part.available),
        "held": amounts.render(part.held),
        "incoming": amounts.render(part.incoming),
        "total": amounts.render(part.total),
        "reversible": amounts.render(part.reversible),
        "withdrawable": amounts.render(part.withdrawable),
        **_value(value),
    }


def _value(value: Money | None) -> dict[str, Any]:
    return {"value": _maybe(value), "value_reason": None if value is not None else valuation.NO_PRICE}


def _worth(part: Worth) -> dict[str, Any]:
    return {
        **_figures(part.figures, part.value),
        "positions": amounts.render(part.positions),
        "unvalued": list(part.unvalued),
        "price_age_seconds": None if part.age_s is None else int(part.age_s),
        "stale": part.is_stale,
    }


def _asset(asset: Asset) -> dict[str, Any]:
    return {"asset": asset.symbol, "chain": asset.chain}


def _held(part: Holding) -> dict[str, Any]:
    return {**_asset(part.figures.asset), **_figures(part.figures, part.value), "price": _price(part.price)}


def _account(part: Account) -> dict[str, Any]:
    value = None if part.valued is None else part.valued.total
    return {
        "domain": part.balance.domain,
        "custody": part.balance.custody,
        **_asset(part.figures.asset),
        **_figures(part.figures, value),
        "price": _price(part.price),
    }


def _position(one: Position) -> dict[str, Any]:
    view = one.view
    return {
        "id": view.id or None,
        "domain": view.domain,
        "kind": view.kind,
        "name": view.name,
        "status": view.status,
        "custody": view.custody,
        "units": amounts.render(view.units),
        "brings": _maybe(view.value),
        "cost_basis": _maybe(view.cost_basis),
        "unrealised": _maybe(one.unrealised),
        "realised": _maybe(view.realised),
        **_value(one.value),
        "price": _price(one.price),
        "in_balances": not one.is_counted,
        "opened_at": view.opened_at,
        "as_of": view.as_of,
        "stale": one.is_stale,
        "facts": dict(view.facts),
    }


def _price(found: Price | None) -> dict[str, Any] | None:
    return None if found is None or not found.path else prices.price(found)


def _maybe(money: Money | None) -> dict[str, str] | None:
    return None if money is None else amounts.render(money)


def _amounts(sums: Sequence[Money]) -> list[dict[str, str]]:
    return [amounts.render(money) for money in sums]
