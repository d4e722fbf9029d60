"""The tables and the state machine of banking."""

from banking.models.detail import BankingDetail
from banking.models.instrument import Instrument, InstrumentStatus, InstrumentType
from banking.models.transaction import BankingTransaction

__all__ = ["BankingDetail", "BankingTransaction", "Instrument", "InstrumentStatus", "InstrumentType"]
