"""The tables of the chains."""

from core.chains.models.arrival import Arrival, ArrivalState
from core.chains.models.block import Block, Cursor
from core.chains.models.operation import (
    Broadcast,
    ChainOperation,
    ChainTransaction,
    Inclusion,
    OperationState,
)
from core.chains.models.wallet import Seed, Wallet

__all__ = [
    "Arrival",
    "ArrivalState",
    "Block",
    "Broadcast",
    "ChainOperation",
    "ChainTransaction",
    "Cursor",
    "Inclusion",
    "OperationState",
    "Seed",
    "Wallet",
]
