"""The story of a transaction on the chain: its hashes, its block, its confirmations, what it cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.chains import config, views
from core.chains.models import ChainOperation
from core.chains.views import OperationView, StepView
from core.kernel import clock, ids


def of(transaction_id: UUID) -> list[OperationView]:
    """Return what one of the engine's transactions did on chains, oldest first."""
    reference = ids.render(ids.Prefix.TRANSACTION, transaction_id)
    return views.of(list(ChainOperation.objects.filter(reference=reference).order_by("pk")))


def explain(transaction_id: UUID) -> list[dict[str, Any]]:
    """Return the part of the explain endpoint."""
    return [_operation(view) for view in of(transaction_id)]


def link(chain: str, tx_hash: str) -> str:
    """Return where a hash can be looked at, empty where the chain has no explorer."""
    explorer = config.get(chain).explorer if config.is_configured(chain) else ""
    return f"{explorer.rstrip('/')}/tx/{tx_hash}" if explorer and tx_hash else ""


def _operation(view: OperationView) -> dict[str, Any]:
    return {
        "chain": view.chain,
        "state": view.state.value,
        "confirmations": view.confirmations,
        "confirmations_required": view.required,
        "reason": view.reason or None,
        "gas_cost": {"amount": view.cost.text, "asset": view.cost.asset.symbol, "chain": view.chain},
        "changed_at": clock.rfc3339(view.changed_at),
        "transactions": [_step(view.chain, step) for step in view.steps],
    }


def _step(chain: str, step: StepView) -> dict[str, Any]:
    return {
        "label": step.label,
        "from": step.sender,
        "to": step.to,
        "nonce": step.nonce,
        "hash": step.hash or None,
        "hashes": list(step.hashes),
        "block": step.block_number,
        "confirmations": step.confirmations,
        "succeeded": step.succeeded,
        "gas_used": step.gas_used,
        "reorganised": step.vanished,
        "explorer": link(chain, step.hash) or None,
    }
