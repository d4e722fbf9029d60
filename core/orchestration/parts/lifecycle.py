"""The steps that transactions of every domain take in the same way. Mixed into a domain's proxy of the transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django_fsm import transition

from core.orchestration.states import ADMISSION, State

Declared = Callable[[Callable[..., None]], Callable[..., None]]


class Lifecycle:
    """From accepted to sent, and how undoing ends. What lies between is the domain's to declare."""

    @transition(field="state", source=State.INITIATED, target=State.VALIDATING)
    def begin_validation(self) -> None:
        """Start to check rules and limits."""

    @transition(field="state", source=State.VALIDATING, target=State.KYC_VERIFICATION)
    def verify_identity(self) -> None:
        """Ask whether the customer's identity is known well enough."""

    @transition(field="state", source=State.KYC_VERIFICATION, target=State.COMPLIANCE_CHECK)
    def check_compliance(self) -> None:
        """Ask whether sanctions and risk rules let it pass."""

    @transition(field="state", source=State.COMPLIANCE_CHECK, target=State.BALANCE_RESERVED)
    def reserve(self) -> None:
        """Hold the money, or expect it."""

    @transition(field="state", source=State.BALANCE_RESERVED, target=State.SENT_TO_PROVIDER)
    def send(self) -> None:
        """Commit to asking a provider."""

    @transition(field="state", source=State.COMPENSATING, target=State.COMPENSATED)
    def finish_compensation(self) -> None:
        """Everything is undone."""


def ending(target: State, *, after: Sequence[State]) -> Declared:
    """Declare how a transaction ends without effect: from wherever nothing was sent yet, and after these states."""
    return transition(field="state", source=[*ADMISSION, *after], target=target)


def undoing(*, after: Sequence[State]) -> Declared:
    """Declare after which states undoing begins: where something may have had an effect."""
    return transition(field="state", source=list(after), target=State.COMPENSATING)
