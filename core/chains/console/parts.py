"""The parts of pages that tell of chains; one of them stands on the page of the engine's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from core.chains import story
from core.chains.config import GWEI
from core.chains.console import words
from core.chains.models import Cursor, Wallet
from core.chains.views import OperationView, StepView
from core.console import cells
from core.console.cells import Cell, Tone
from core.console.sections import Facts, Section, Table


def heads() -> Table:
    """How far every chain is read."""
    return Table(
        title="Chains",
        icon="link",
        columns=("Chain", "Read up to", "Behind the node", "Final", "Trouble", "Looked at"),
        numeric=frozenset({1, 2, 3}),
        rows=[
            [
                cells.text(each.chain),
                cells.text(str(each.number)),
                cells.text(str(max(each.node_number - each.number, 0))),
                cells.text("" if each.finalized_number is None else str(each.finalized_number)),
                cells.text(each.trouble),
                cells.time(each.checked_at),
            ]
            for each in Cursor.objects.order_by("chain")
        ],
    )


def condition(row: Wallet) -> Cell:
    """Say whether a wallet may sign."""
    return cells.badge("frozen", Tone.DANGER, icon="ac_unit") if row.frozen_at else cells.badge("in use", Tone.SUCCESS)


def of_transaction(transaction_id: UUID) -> Iterable[Section]:
    """Tell what a transaction did on chains."""
    for view in story.of(transaction_id):
        yield from operation(view)


def operation(view: OperationView) -> list[Section]:
    """Tell of one operation: facts, its transactions, every hash."""
    facts = [
        ("Operation", cells.mono(view.key)),
        ("State", words.operation(view.state)),
        ("Confirmations", cells.text(f"{view.confirmations} of {view.required}")),
        ("Why", cells.text(view.reason)),
        ("Gas paid", cells.amount(view.cost)),
        ("Transaction", words.transaction(view.reference)),
        ("Changed", cells.time(view.changed_at)),
    ]
    return [Facts(title=f"On {view.chain}", icon="hub", facts=facts), _steps(view), _hashes(view)]


def _steps(view: OperationView) -> Table:
    return Table(
        title="Its transactions",
        icon="format_list_numbered",
        columns=("What", "From", "Nonce", "To", "Block", "Result", "Gas used", "Cost"),
        numeric=frozenset({2, 4, 6, 7}),
        wide=True,
        rows=[
            [
                cells.text(step.label),
                words.address(step.sender),
                cells.text("" if step.nonce is None else str(step.nonce)),
                words.address(step.to),
                cells.text("" if step.block_number is None else str(step.block_number)),
                _result(step),
                cells.text("" if step.gas_used is None else str(step.gas_used)),
                cells.amount(step.cost),
            ]
            for step in view.steps
        ],
    )


def _result(step: StepView) -> Cell:
    if step.nonce is None:
        return cells.badge("waits for the others", Tone.NEUTRAL)
    if step.succeeded is None:
        again = f", {step.vanished} times taken back" if step.vanished else ""
        return cells.badge(f"in no block{again}", Tone.WARNING)
    if step.succeeded:
        return cells.badge("done", Tone.SUCCESS)
    return cells.badge("refused", Tone.DANGER, title=step.reason)


def _hashes(view: OperationView) -> Table:
    return Table(
        title="Every hash",
        icon="tag",
        columns=("What", "Hash", "At most, gwei", "Tip, gwei", "Signed", "Sent", "What the node said"),
        numeric=frozenset({2, 3}),
        wide=True,
        rows=[
            [
                cells.text(step.label),
                words.tx_hash(view.chain, offer.tx_hash),
                cells.text(_gwei(offer.max_fee)),
                cells.text(_gwei(offer.priority_fee)),
                cells.time(offer.signed_at),
                cells.time(offer.sent_at),
                cells.text(offer.trouble),
            ]
            for step in view.steps
            for offer in step.offers
        ],
        empty="Nothing was signed yet.",
    )


def _gwei(wei: int) -> str:
    return f"{wei // GWEI}.{wei % GWEI:09d}".rstrip("0").rstrip(".")
