"""Cancelling: at once before a provider was asked, through the provider while it waits for the customer, else never."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from core.audit import audit
from core.kernel import errors
from core.orchestration import kinds, outcomes
from core.orchestration.engine import claims
from core.orchestration.judging import endings, legs
from core.orchestration.models import Transaction
from core.orchestration.reading import queries
from core.orchestration.states import AT_PROVIDER, BEFORE_RESERVATION, State
from core.orchestration.steps import changes, writing
from core.orchestration.steps.changes import Change

_AT_ONCE = (BEFORE_RESERVATION - {State.COMPLIANCE_CHECK, State.KYC_VERIFICATION}) | {State.BALANCE_RESERVED}


class TooLateToCancel(errors.Conflict):
    """A provider has it, or it has happened or ended, or it is under review. HTTP 409."""

    default_code = "not_cancelable"


def request(*, transaction_id: UUID, customer_id: UUID, actor: str) -> None:
    """Cancel a customer's own transaction, or begin to.

    While a provider waits for the customer (3-D Secure) or for a market (an order), it is asked to cancel, and the
    transaction ends when it has, with what was executed until then.
    Raises: NotFound; TooLateToCancel; Conflict (``state_changed``) when a worker is just moving it: try again.
    """
    queries.own(transaction_id=transaction_id, customer_id=customer_id)
    txn = claims.get(transaction_id)
    _write(_cancelled(txn, actor=actor, reason="canceled_by_customer"))
    outcomes.wake([txn.domain])


def by_staff(*, transaction_id: UUID, actor: str, reason: str) -> None:
    """Cancel any transaction under the same rules; ``reason`` is for the audit.

    Raises: as ``request``.
    """
    txn = claims.get(transaction_id)
    with transaction.atomic():
        change = _cancelled(txn, actor=actor, reason="canceled_by_staff")
        _write(change)
        audit.record(
            actor=actor,
            action="transaction.cancel",
            target=txn.public_id,
            reason=reason,
            before={"state": change.was.value},
            after={"state": str(txn.state)},
        )
    outcomes.wake([txn.domain])


def _cancelled(txn: Transaction, *, actor: str, reason: str) -> Change:
    change = changes.begin(txn)
    if kinds.of(txn).rules.is_forced:
        raise TooLateToCancel(detail="It has happened already.")
    if txn.state in _AT_ONCE:
        endings.end(change=change, reason=reason, actor=actor)
    elif txn.state in AT_PROVIDER and legs.may_be_cancelled(txn):
        txn.security = {**txn.security, "cancel_requested": reason}
        change.log("transaction.cancel_requested", actor=actor)
        change.due_in = 0
        # A worker may be sending it at this moment: the next one looks when that one is done, or certainly dead.
        change.keep_lease = True
    else:
        raise TooLateToCancel(detail="It can no longer be canceled.")
    return change


def _write(change: Change) -> None:
    if writing.write([change]):
        raise errors.Conflict(code="state_changed", detail="It is being worked on right now: try again.")
