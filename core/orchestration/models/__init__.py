"""The tables of the engine: transactions, their events and attempts, and dead letters."""

from core.orchestration.models.attempt import Attempt, AttemptState
from core.orchestration.models.deadletter import Category, DeadLetter, DeadLetterState
from core.orchestration.models.event import Event
from core.orchestration.models.transaction import Transaction

__all__ = ["Attempt", "AttemptState", "Category", "DeadLetter", "DeadLetterState", "Event", "Transaction"]
