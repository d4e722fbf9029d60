"""How the wallet and the statement are rendered, and how OpenAPI shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from core.api import amounts
from core.kernel import ids
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger.models import AccountKind
from core.ledger.reading.values import BalanceView, StatementLine
from core.wallet import valuation
from core.wallet.figures import Figures
from core.wallet.queries import Wallet
from core.wallet.valuation import Worth


class AmountShape(serializers.Serializer[Any]):
    amount = serializers.CharField()
    asset = serializers.CharField()
    chain = serializers.CharField(required=False)


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
    unvalued = serializers.ListField(child=serializers.CharField(), help_text="Assets that no figure here contains.")


class DomainShape(WorthShape):
    domain = serializers.CharField()


class ChainShape(WorthShape):
    chain = serializers.CharField(allow_null=True, help_text="null is money in banks.")


class AssetShape(FiguresShape):
    asset = serializers.CharField()
    chain = serializers.CharField(allow_null=True)


class AccountShape(AssetShape):
    domain = serializers.CharField()
    custody = serializers.CharField()


class WalletAnswer(serializers.Serializer[Any]):
    object = serializers.CharField()
    display_currency = serializers.CharField()
    as_of = serializers.DateTimeField()
    stale = serializers.BooleanField()
    totals = WorthShape()
    domains = DomainShape(many=True)
    chains = ChainShape(many=True)
    assets = AssetShape(many=True)
    accounts = AccountShape(many=True)
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
    """Return the wallet. It is read from the ledger itself, so it is never stale."""
    currency = found.currency
    return {
        "object": "wallet",
        "display_currency": currency.symbol,
        "as_of": found.as_of,
        "stale": False,
        "totals": _worth(found.total),
        "domains": [{"domain": domain, **_worth(part)} for domain, part in found.domains],
        "chains": [{"chain": chain, **_worth(part)} for chain, part in found.chains],
        "assets": [{**_asset(part.asset), **_figures(part, currency)} for part in found.assets],
        "accounts": [_account(balance, currency) for balance in found.accounts],
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


def _figures(part: Figures, currency: Asset) -> dict[str, Any]:
    value = valuation.value(part.total, currency=currency)
    return {
        "available": amounts.render(part.available),
        "held": amounts.render(part.held),
        "incoming": amounts.render(part.incoming),
        "total": amounts.render(part.total),
        "reversible": amounts.render(part.reversible),
        "withdrawable": amounts.render(part.withdrawable),
        "value": None if value is None else amounts.render(value),
        "value_reason": None if value is not None else valuation.NO_PRICE,
    }


def _worth(part: Worth) -> dict[str, Any]:
    return {**_figures(part.figures, part.figures.asset), "unvalued": list(part.unvalued)}


def _asset(asset: Asset) -> dict[str, Any]:
    return {"asset": asset.symbol, "chain": asset.chain}


def _account(balance: BalanceView, currency: Asset) -> dict[str, Any]:
    part = Figures.of(balance)
    custody = balance.custody if balance.kind == AccountKind.CUSTOMER else balance.kind
    return {"domain": balance.domain, "custody": custody, **_asset(part.asset), **_figures(part, currency)}


def _amounts(sums: Sequence[Money]) -> list[dict[str, str]]:
    return [amounts.render(money) for money in sums]
