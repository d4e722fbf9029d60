"""The tables and the state machine of DeFi."""

from defi.models.detail import DefiDetail
from defi.models.position import Position, PositionChange, PositionState
from defi.models.strategy import Reading, Strategy, Venue
from defi.models.transaction import DefiTransaction

__all__ = [
    "DefiDetail",
    "DefiTransaction",
    "Position",
    "PositionChange",
    "PositionState",
    "Reading",
    "Strategy",
    "Venue",
]
