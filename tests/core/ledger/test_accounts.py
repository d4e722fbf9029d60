"""The chart of accounts."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.kernel import errors
from core.ledger import accounts
from core.ledger.models import Account

ANN = UUID(int=10)


def test_names_are_those_of_the_design() -> None:
    assert accounts.customer(ANN, "banking", "USD").code == f"cust:{ANN.hex}:banking:pooled"
    assert accounts.customer(ANN, "defi", "USDC:solana", role="wallet").code == f"cust:{ANN.hex}:defi:wallet"
    assert accounts.receivable(ANN, "USD").code == f"cust:{ANN.hex}:receivable"
    assert accounts.blocked(ANN, "USD").code == f"cust:{ANN.hex}:blocked"
    assert accounts.external("stripe", "in_transit", "USD").code == "ext:stripe:in_transit"
    assert accounts.fee("premium", "USD").code == "fee:premium"
    assert accounts.cost("dispute", "USD").code == "cost:dispute"
    assert accounts.system("rounding", "USD").code == "rounding"


@pytest.mark.parametrize(
    "make",
    [
        lambda: accounts.customer(ANN, "gambling", "USD"),
        lambda: accounts.customer(ANN, "banking", "USD", role="mattress"),
        lambda: accounts.external("stripe", "lost", "USD"),
        lambda: accounts.fee("tip", "USD"),
        lambda: accounts.cost("lunch", "USD"),
        lambda: accounts.system("slush", "USD"),
    ],
)
def test_names_that_the_chart_lacks_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(accounts.UnknownAccount):
        make()


def test_account_of_an_unknown_asset_is_refused() -> None:
    with pytest.raises(errors.InvalidInput):
        accounts.fee("platform", "DOGE")


@pytest.mark.django_db
def test_ensure_creates_once() -> None:
    refs = [accounts.customer(ANN, "banking", "USD"), accounts.customer(ANN, "banking", "EUR")]

    first = accounts.ensure(refs)
    second = accounts.ensure(reversed(refs))

    assert first == second
    assert Account.objects.filter(customer_id=ANN).count() == 2


@pytest.mark.django_db
def test_same_code_in_two_assets_is_two_accounts() -> None:
    usd, eur = accounts.fee("platform", "USD"), accounts.fee("platform", "EUR")

    assert len(set(accounts.ensure([usd, eur]).values())) == 2


def test_committed_accounts_are_remembered_and_rolled_back_ones_are_not(committed_db: object) -> None:
    kept, lost = accounts.customer(ANN, "banking", "USD"), accounts.customer(ANN, "banking", "EUR")
    accounts.ensure([kept])
    with transaction.atomic():
        accounts.ensure([lost])
        transaction.set_rollback(True)

    with CaptureQueriesContext(connection) as asked:
        accounts.ensure([kept])
    assert len(asked) == 0

    accounts.ensure([lost])
    assert Account.objects.filter(customer_id=ANN).count() == 2
