"""What banking adds to a transaction's page in the console: the instrument as it was when it was used."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from banking.models import BankingDetail
from core.console import cells, stories
from core.console.sections import Facts, Section


def instrument(transaction_id: UUID) -> Iterable[Section]:
    """Tell by what the money came or went. The holder's name and the number itself are not shown."""
    detail = BankingDetail.objects.filter(transaction_id=transaction_id).first()
    if detail is not None:
        yield Facts(
            title="Instrument",
            icon="credit_card",
            facts=[
                ("Method", cells.text(detail.method)),
                ("Label", cells.text(detail.label)),
                ("Compared with the provider", cells.mono(detail.destination)),
            ],
            note="As it was when the transaction was accepted.",
        )


stories.register(stories.Part(subject="transaction", name="instrument", place=25, tell=instrument))
