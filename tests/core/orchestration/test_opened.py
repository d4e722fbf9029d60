"""What the door answers with is built from what was written: it must be what reading it again would give."""

from __future__ import annotations

import pytest
from django.db import transaction

from core.identity.customers import CustomerView
from core.orchestration import accept
from core.orchestration.engine import claims
from core.orchestration.kinds import Request
from core.orchestration.models import Transaction
from core.orchestration.reading import render
from tests.core.orchestration import fakes, world

pytestmark = pytest.mark.django_db


def _fields(row: Transaction) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def _accepted(owner: CustomerView, wish: Request, reference: str | None = None) -> Transaction:
    with transaction.atomic():
        return accept.accept(
            agreed=accept.agree(request=wish, customer_id=owner.id),
            origin=world.origin(owner),
            client_reference=reference,
        )


def _assert_as_read(made: Transaction) -> None:
    read = claims.get(made.id)
    assert _fields(made) == _fields(read)
    assert {name: type(value) for name, value in vars(made).items()} == {
        name: type(value) for name, value in vars(read).items()
    }
    shown = render.transaction(Transaction.objects.get(id=made.id))
    assert render.transaction(made) == shown


def test_a_transfer_is_shown_as_it_is_read(bank: fakes.FakeProvider) -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")

    made = _accepted(ana, world.wish("transfer", "5.25", side="target", to=bruno), reference="order 7")

    _assert_as_read(made)
    assert (made.state, made.version, made.seq, made.client_reference) == ("INITIATED", 1, 1, "order 7")


def test_a_deposit_is_shown_as_it_is_read(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")

    made = _accepted(ana, world.wish("deposit", "100.00", by=world.card(ana)))

    _assert_as_read(made)


def test_a_quoted_withdrawal_is_shown_as_it_is_read(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    origin = world.origin(ana)
    agreed = accept.agree(request=world.wish("withdrawal", "20.00", by=world.bank(ana)), customer_id=ana.id)
    quoted = accept.quote(agreed=agreed, origin=origin)

    with transaction.atomic():
        made = accept.accept_quote(quote_id=quoted.id, domain="banking", origin=origin, client_reference=None)

    _assert_as_read(made)
    assert made.quote_id == quoted.id
