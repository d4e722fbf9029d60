"""DeFi's terms as the engine asks for them: checked against the chain before any money is held, then locked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.kinds import Fixed, Kind, Opening, Request
from defi.models import DefiDetail
from defi.services import exit_terms, positions, strategy_terms, swap_terms


class Terms:
    """The port; what each kind needs is said in a module of its own."""

    def open(self, *, kind: Kind, request: Request, customer_id: UUID) -> Opening:
        """Check a wish against the allow-list, the chain and the market. Raises: Refused, InvalidInput, Unavailable."""
        if kind.name == "swap":
            return swap_terms.open_swap(request=request)
        if kind.name == "start_strategy":
            return strategy_terms.open_start(request=request, customer_id=customer_id)
        if kind.name == "harvest":
            return exit_terms.open_harvest(request=request, customer_id=customer_id)
        return exit_terms.open_stop(request=request, customer_id=customer_id)

    def fix(self, *, kind: Kind, opening: Opening, net: Money) -> Fixed:
        """Say what arrives for what is left after fees, and at least."""
        if kind.name == "swap":
            return swap_terms.fix_swap(opening=opening, net=net)
        if kind.name == "start_strategy":
            return strategy_terms.fix_start(opening=opening, net=net)
        return exit_terms.fix_exit(opening=opening)

    def begin(self, *, kind: Kind, transaction_id: UUID, customer_id: UUID, data: Mapping[str, Any]) -> None:
        """Write the transaction's detail, and let it have its position.

        Needs: the transaction that accepts. Raises: PositionBusy.
        """
        if kind.name == "start_strategy":
            positions.open_for(transaction_id=transaction_id, customer_id=customer_id, terms=data)
        elif kind.rules.extras == frozenset({"position_id"}):
            positions.take(
                transaction_id=transaction_id,
                customer_id=customer_id,
                position_id=UUID(data["position_id"]),
                version=int(data["position_version"]),
            )
        _write_detail(kind, transaction_id, data)


def _write_detail(kind: kinds.Kind, transaction_id: UUID, data: Mapping[str, Any]) -> None:
    slippage = data.get("slippage_bps")
    position = data.get("position_id")
    DefiDetail.objects.create(
        transaction_id=transaction_id,
        protocol=data["protocol"],
        action=kind.name,
        chain=data["chain"],
        contract_address=data["contract"],
        expected_units=int(data["expected"]),
        minimum_units=int(data["minimum"]),
        slippage_bps=None if slippage is None else int(slippage),
        gas_estimate_units=int(data["gas_estimate"]),
        position_id=None if position is None else UUID(position),
    )
