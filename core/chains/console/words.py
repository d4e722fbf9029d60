"""How states and hashes of a chain look in the console."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from core.chains import story
from core.chains.models import ArrivalState, OperationState
from core.console import cells
from core.console.cells import Cell, Tone
from core.kernel import errors, ids

_OPERATION = {
    OperationState.PENDING: (Tone.WARNING, "schedule"),
    OperationState.MINED: (Tone.INFO, "deployed_code"),
    OperationState.FINAL: (Tone.SUCCESS, "verified"),
    OperationState.REVERTING: (Tone.WARNING, "undo"),
    OperationState.REVERTED: (Tone.DANGER, "block"),
}
_ARRIVAL = {
    ArrivalState.SEEN: (Tone.INFO, "visibility"),
    ArrivalState.FINAL: (Tone.SUCCESS, "verified"),
    ArrivalState.VANISHED: (Tone.DANGER, "visibility_off"),
}


def operation(state: str) -> Cell:
    tone, icon = _OPERATION[OperationState(state)]
    return cells.badge(state, tone, icon=icon)


def arrival(state: str) -> Cell:
    tone, icon = _ARRIVAL[ArrivalState(state)]
    return cells.badge(state, tone, icon=icon)


def tx_hash(chain: str, text: str) -> Cell:
    """A hash, cut in the middle, as a link to the chain's explorer where there is one."""
    return cells.mono(f"{text[:10]}…{text[-6:]}", href=story.link(chain, text), title=text) if text else cells.NOTHING


def address(text: str) -> Cell:
    return cells.mono(f"{text[:8]}…{text[-4:]}", title=text)


def transaction(reference: str) -> Cell:
    """The engine's transaction as a link; its screen lies above, so by its name only."""
    try:
        href = reverse("console:orchestration_transaction_change", args=[ids.parse(ids.Prefix.TRANSACTION, reference)])
    except (NoReverseMatch, errors.NotFound):
        return cells.mono(reference)
    return cells.mono(f"{reference[:10]}…{reference[-6:]}", href=href, title=reference)


def owner(text: str) -> Any:
    """``treasury``, ``gas`` or a customer by the public id."""
    kind, _, key = text.partition(":")
    return cells.mono(f"{ids.Prefix.CUSTOMER.value}_{key}") if kind == "customer" else cells.text(kind)
