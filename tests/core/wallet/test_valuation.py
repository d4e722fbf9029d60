"""What can be valued is added up, to the last unit in every cut; what cannot is named and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.kernel import assets, ids
from core.kernel.money import Money
from core.ledger.models import AccountKind
from core.ledger.reading.values import BalanceView
from core.wallet import valuation
from core.wallet.positions import PositionView
from core.wallet.valuation import Prices
from tests.core.market.factories import quoted

pytestmark = pytest.mark.django_db
USD = assets.get("USD")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _balance(code: str, posted: int, *, held: int = 0, incoming: int = 0, custody: str = "pooled") -> BalanceView:
    return BalanceView(
        account_id=1,
        code=f"cust:x:banking:{custody}",
        kind=AccountKind.CUSTOMER,
        customer_id=ids.uuid7(),
        domain="banking",
        custody=custody,
        asset=code,
        posted=Money.of(posted, code),
        held=Money.of(held, code),
        incoming=Money.of(incoming, code),
        reversible=Money.of(0, code),
        version=1,
        updated_at=AT,
    )


def _accounts(*balances: BalanceView) -> list[valuation.Account]:
    prices = Prices(currency=USD)
    return [valuation.account(balance, prices=prices) for balance in balances]


def test_a_currency_is_worth_itself() -> None:
    assert Prices(currency=USD).value(Money.of(12345, "USD")) == Money.of(12345, "USD")


def test_no_rate_is_invented_not_even_for_a_dollar_coin() -> None:
    prices = Prices(currency=USD)

    assert prices.value(Money.of(1_000_000, "USDC:solana")) is None
    assert prices.value(Money.of(100, "EUR")) is None


def test_worth_adds_what_it_can_and_names_the_rest() -> None:
    quoted("BTC/USD", "97123.4", age=timedelta(seconds=9))
    accounts = _accounts(
        _balance("USD", 1000, held=300, incoming=50),
        _balance("BTC:bitcoin", 103, held=100),
        _balance("USDC:solana", 5),
        _balance("EUR", 0, incoming=9),
        _balance("ETH:ethereum", 0),
    )

    worth = valuation.worth(accounts, [], currency=USD)

    assert (worth.figures.total, worth.figures.held) == (Money.of(1010, "USD"), Money.of(309, "USD"))
    assert (worth.figures.available, worth.figures.incoming) == (Money.of(701, "USD"), Money.of(50, "USD"))
    assert worth.value == Money.of(1010, "USD")
    assert worth.unvalued == ("EUR", "USDC:solana")
    assert (int(worth.age_s or 0), worth.is_stale) == (9, False)


def test_a_price_that_is_too_old_still_values_and_says_so() -> None:
    quoted("BTC/USD", "100000", age=timedelta(minutes=5))

    worth = valuation.worth(_accounts(_balance("BTC:bitcoin", 10**8)), [], currency=USD)

    assert (worth.value, worth.is_stale) == (Money.of(10_000_000, "USD"), True)


def test_a_stale_price_of_what_one_does_not_have_is_no_matter() -> None:
    quoted("BTC/USD", "100000", age=timedelta(minutes=5))

    worth = valuation.worth(_accounts(_balance("BTC:bitcoin", 0), _balance("USD", 5)), [], currency=USD)

    assert (worth.is_stale, worth.age_s, worth.unvalued) == (False, None, ())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["USD", "BTC:bitcoin", "USDC:solana", "USDC:ethereum"]), st.integers(0, 10**15)),
        max_size=8,
    ),
    split=st.integers(0, 8),
)
def test_the_parts_of_any_cut_sum_to_the_whole(rows: list[tuple[str, int]], split: int) -> None:
    quoted("BTC/USD", "97123.4")
    quoted("USDC/USD", "0.99993")
    accounts = _accounts(*[_balance(code, units, held=units // 3) for code, units in rows])

    def value(part: list[valuation.Account]) -> int:
        return valuation.worth(part, [], currency=USD).value.units

    assert value(accounts[:split]) + value(accounts[split:]) == value(accounts)
    worth = valuation.worth(accounts, [], currency=USD)
    assert worth.figures.available + worth.figures.held == worth.figures.total
    assert worth.figures.withdrawable <= worth.figures.available


Lend = Callable[..., PositionView]


@pytest.fixture
def lend() -> Lend:
    def make(**more: object) -> PositionView:
        given: dict[str, object] = {
            "id": "pos_1",
            "domain": "defi",
            "kind": "strategy",
            "name": "Lend USDC",
            "units": Money.of(90_000_000, "AUSDC:ethereum"),
            "cost_basis": Money.of(100_000_000, "USDC:ethereum"),
            "value": Money.of(100_412_345, "USDC:ethereum"),
        }
        return PositionView(**{**given, **more})  # type: ignore[arg-type]  # facts of a view

    return make


def test_a_strategy_is_worth_what_its_domain_says_it_would_bring(lend: Lend) -> None:
    quoted("USDC/USD", "0.9995")

    found = valuation.position(lend(), prices=Prices(currency=USD))

    assert (found.value, found.is_counted) == (Money.of(10036, "USD"), True)
    assert found.unrealised == Money.of(412_345, "USDC:ethereum")
    worth = valuation.worth(_accounts(_balance("USD", 1)), [found], currency=USD)
    assert (worth.positions, worth.value) == (Money.of(10036, "USD"), Money.of(10037, "USD"))
    assert (worth.figures.total, worth.figures.available) == (Money.of(1, "USD"), Money.of(1, "USD"))


def test_a_strategy_whose_worth_nobody_knows_is_named_and_not_zero(lend: Lend) -> None:
    quoted("USDC/USD", "1")

    found = valuation.position(lend(value=None), prices=Prices(currency=USD))

    worth = valuation.worth([], [found], currency=USD)
    assert (found.value, found.unrealised, worth.unvalued) == (None, None, ("AUSDC:ethereum",))


def test_a_strategy_that_its_domain_calls_stale_makes_the_sum_stale(lend: Lend) -> None:
    quoted("USDC/USD", "1")

    found = valuation.position(lend(is_stale=True), prices=Prices(currency=USD))

    assert valuation.worth([], [found], currency=USD).is_stale


def test_a_holding_only_explains_a_balance(lend: Lend) -> None:
    quoted("BTC/USD", "90000")
    view = lend(
        kind="holding",
        domain="investing",
        units=Money.of(10**7, "BTC:bitcoin"),
        cost_basis=Money.of(1_000_000, "USD"),
        value=None,
    )

    found = valuation.position(view, prices=Prices(currency=USD))

    assert (found.value, found.unrealised) == (Money.of(900_000, "USD"), Money.of(-100_000, "USD"))
    assert valuation.worth([], [found], currency=USD).value == Money.of(0, "USD")
