"""Keeps positions true: called inside the commit that posts, with what was posted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from core.orchestration.kinds import Posted
from defi.kinds.tellings import Telling
from defi.models import Position, PositionChange, PositionState

_STATES = {
    "opened": PositionState.ACTIVE,
    "abandoned": PositionState.CLOSED,
    "closing": PositionState.CLOSING,
    "collected": PositionState.ACTIVE,
    "kept": PositionState.ACTIVE,
    "closed": PositionState.CLOSED,
}
# After the others nothing works on the position any more.
_AT_WORK = frozenset({"closing", "harvested", "redeemed"})


class Projector:
    """Applies what kinds told of positions. Each telling is written once: its row names transaction and event."""

    def project(self, *, posted: Sequence[Posted]) -> None:
        """Write the changes of positions, in the order of what was posted.

        Needs: the open transaction that posts.
        """
        for one in posted:
            for note in one.deed.notes:
                _apply(UUID(one.transaction.terms["position_id"]), one.transaction.id, note)


def _apply(position_id: UUID, transaction_id: UUID, told: Telling) -> None:
    PositionChange.objects.create(
        position_id=position_id,
        transaction_id=transaction_id,
        event=told.event,
        units=told.units,
        cost_units=told.cost,
        realised_units=told.realised,
        fee_units=told.fees,
        index=told.index,
    )
    Position.objects.filter(id=position_id).update(
        version=F("version") + 1,
        units=F("units") + told.units,
        cost_units=F("cost_units") + told.cost,
        realised_units=F("realised_units") + told.realised,
        fee_units=F("fee_units") + told.fees,
        **_standing(told),
        **_times(told),
    )


def _standing(told: Telling) -> dict[str, Any]:
    standing: dict[str, Any] = {} if told.owed is None else {"owed_units": told.owed}
    if told.event in _STATES:
        standing["state"] = _STATES[told.event]
    if told.event not in _AT_WORK:
        standing["work"] = None
    return standing


def _times(told: Telling) -> dict[str, Any]:
    """The chain's own time counts where it is told: interest runs by it, and so does what we take for the time."""
    if told.event == "opened":
        return {"opened_at": told.at or Now(), "managed_from": told.at or Now()}
    if told.event in {"abandoned", "closed"}:
        return {"closed_at": Now()}
    return {} if told.managed_until is None else {"managed_from": told.managed_until}
