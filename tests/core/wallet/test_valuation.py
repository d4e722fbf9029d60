"""What can be valued is added up; what cannot is named and never guessed."""

from core.kernel import assets
from core.kernel.money import Money
from core.wallet import valuation
from core.wallet.figures import Figures

USD = assets.get("USD")


def _figures(code: str, *, available: int = 0, held: int = 0, incoming: int = 0) -> Figures:
    return Figures(
        available=Money.of(available, code),
        held=Money.of(held, code),
        incoming=Money.of(incoming, code),
        reversible=Money.of(0, code),
        withdrawable=Money.of(available, code),
    )


def test_a_currency_is_worth_itself() -> None:
    assert valuation.value(Money.of(12345, "USD"), currency=USD) == Money.of(12345, "USD")


def test_no_rate_is_invented_not_even_for_a_dollar_coin() -> None:
    assert valuation.value(Money.of(1_000_000, "USDC:solana"), currency=USD) is None
    assert valuation.value(Money.of(100, "EUR"), currency=USD) is None


def test_worth_adds_what_it_can_and_names_the_rest() -> None:
    parts = [
        _figures("USD", available=700, held=300, incoming=50),
        _figures("USDC:solana", available=5),
        _figures("EUR", incoming=9),
        _figures("BTC:bitcoin"),
    ]

    worth = valuation.worth(parts, currency=USD)

    assert worth.figures == _figures("USD", available=700, held=300, incoming=50)
    assert worth.figures.total == Money.of(1000, "USD")
    assert worth.unvalued == ("USDC:solana", "EUR")
