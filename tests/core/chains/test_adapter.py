"""What every adapter over a chain does alike, shown by the treasury's."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core.chains import custody
from core.chains.models import ChainOperation
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Delivery, Operation, Order, Query
from tests.chain.handle import Chain

pytestmark = pytest.mark.django_db

QUERY = Query(operation=Operation.CUSTODY_OUT, key="txn:custody", reference="txn_1")


def test_what_was_never_sent_is_unknown_and_cannot_be_cancelled() -> None:
    assert custody.Treasury().status(QUERY) is None

    with pytest.raises(contract.Rejected, match="unknown_operation"):
        custody.Treasury().cancel(QUERY)


def test_what_is_signed_cannot_be_called_back(ethereum: Chain) -> None:
    treasury = custody.Treasury()
    sent = treasury.submit(_order(customer_id=uuid4()))

    answer = treasury.cancel(QUERY)

    assert (answer.stage, answer.facts["tx_hashes"]) == (contract.Stage.SUBMITTED, sent.facts["tx_hashes"])


def test_nobody_has_a_secret_with_which_to_call() -> None:
    with pytest.raises(contract.SignatureInvalid):
        custody.Treasury().parse_webhook(Delivery(body=b"{}", headers={}))


def test_an_order_of_nobody_is_refused_before_anything_is_stored(ethereum: Chain) -> None:
    with pytest.raises(contract.Rejected, match="customer_missing"):
        custody.Treasury().submit(_order(customer_id=None))

    assert ChainOperation.objects.count() == 0


def _order(*, customer_id: UUID | None) -> Order:
    return Order(
        operation=QUERY.operation,
        method="ethereum",
        key=QUERY.key,
        reference=QUERY.reference,
        amount=Money.of(1_000_000, "USDC:ethereum"),
        instrument={},
        customer_id=customer_id,
    )
