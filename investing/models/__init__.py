"""The tables and the state machine of investing."""

from investing.models.detail import InvestingDetail, InvestingFill, OrderType, Side
from investing.models.holding import Holding, HoldingChange
from investing.models.pair import Pair
from investing.models.transaction import InvestingTransaction

__all__ = [
    "Holding",
    "HoldingChange",
    "InvestingDetail",
    "InvestingFill",
    "InvestingTransaction",
    "OrderType",
    "Pair",
    "Side",
]
