"""Reversal: news that came after the end of another transaction, as a transaction of its own."""

from __future__ import annotations

from datetime import timedelta

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed
from core.orchestration.models import Transaction
from core.orchestration.parts.roles import InOurBooks
from core.orchestration.states import ADMISSION, State
from core.providers import contract

RULES = kinds.Rules(
    path=(*ADMISSION, State.COMPLETED),
    waypoints={},
    minimum_units={},
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    is_forced=True,
)


class Reversal(InOurBooks):
    """It has happened already, outside: nothing is reserved or refused, it is posted as its parent's kind says."""

    name = "reversal"
    rules = RULES

    def __init__(self, *, domain: str) -> None:
        self.domain = domain

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return NOTHING

    def block(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def complete(self, *, transaction: Transaction, report: contract.Report | None) -> Deed:
        raise errors.SystemFault(code="reversal_needs_parent", detail="A reversal is posted by its parent's kind.")

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return NOTHING

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        raise errors.SystemFault(code="not_reversible", detail="A reversal is not reversed by another one.")
