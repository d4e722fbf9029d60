"""No waiting for the network while a transaction is open."""

import pytest
from django.db import transaction

from core.providers import durable


@pytest.mark.django_db
def test_the_transaction_of_a_test_case_does_not_count_but_ours_do() -> None:
    durable.require()

    with transaction.atomic():
        with pytest.raises(durable.InsideTransaction):
            durable.require()
        with transaction.atomic(), pytest.raises(durable.InsideTransaction):
            durable.require()
    durable.require()
