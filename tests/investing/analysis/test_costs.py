"""The average cost, against an oracle in plain Python that keeps exact fractions."""

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.kernel import assets
from core.kernel.money import Money
from investing.analysis import costs
from investing.analysis.costs import Basis, Change

USDC = assets.get("USDC:ethereum")


def test_what_is_bought_adds_up() -> None:
    basis = costs.acquire(quantity=100, cost=1_000).after(Basis())
    basis = costs.acquire(quantity=300, cost=5_000).after(basis)

    assert basis == Basis(quantity=400, cost=6_000, profit=0)


def test_what_is_sold_takes_out_its_share_of_the_cost() -> None:
    change = costs.dispose(basis=Basis(quantity=400, cost=6_000), quantity=100, proceeds=2_000)

    assert change == Change(quantity=-100, cost=-1_500, profit=500)


def test_the_last_sale_takes_out_what_is_left() -> None:
    basis = Basis(quantity=3, cost=100)
    for _ in range(3):
        basis = costs.dispose(basis=basis, quantity=1, proceeds=40).after(basis)

    assert basis == Basis(quantity=0, cost=0, profit=20)


def test_a_loss_is_a_negative_profit() -> None:
    change = costs.dispose(basis=Basis(quantity=10, cost=1_000), quantity=10, proceeds=400)

    assert change == Change(quantity=-10, cost=-1_000, profit=-600)


def test_coins_that_no_purchase_brought_earn_no_profit() -> None:
    change = costs.dispose(basis=Basis(quantity=10, cost=1_000), quantity=40, proceeds=8_000)

    assert change == Change(quantity=-10, cost=-1_000, profit=1_000, untracked=30)


def test_selling_what_was_never_bought_changes_nothing_but_is_noted() -> None:
    assert costs.dispose(basis=Basis(), quantity=7, proceeds=900) == Change(quantity=0, cost=0, profit=0, untracked=7)


def test_six_decimals_become_cents_without_losing_any_on_the_way() -> None:
    thirds = [Money(333_333, USDC), Money(666_666, USDC), Money(1_000_000, USDC)]
    edges = list(zip([Money(0, USDC), *thirds], thirds, strict=False))

    parts = [costs.worth(before=before, after=after, rate=Fraction(1)) for before, after in edges]

    assert parts == [33, 34, 33]


@dataclass
class Oracle:
    """Holdings as one would keep them on paper: exact until money is rounded, whole at the end."""

    quantity: int = 0
    cost: int = 0
    profit: int = 0
    seen: list[int] = field(default_factory=list)

    def buy(self, quantity: int, cost: int) -> None:
        self.quantity += quantity
        self.cost += cost

    def sell(self, quantity: int, proceeds: int) -> None:
        share = Fraction(self.cost * quantity, self.quantity) if self.quantity else Fraction(0)
        out = self.cost if quantity == self.quantity else int(share + Fraction(1, 2))
        self.quantity -= quantity
        self.cost -= out
        self.profit += proceeds - out


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 10**12), st.integers(0, 10**9)), max_size=40),
)
def test_any_series_of_trades_agrees_with_the_oracle(trades: list[tuple[bool, int, int]]) -> None:
    basis, oracle = Basis(), Oracle()
    given_cost = taken = 0

    for is_buy, quantity, money in trades:
        if is_buy:
            basis = costs.acquire(quantity=quantity, cost=money).after(basis)
            oracle.buy(quantity, money)
            given_cost += money
        elif oracle.quantity:
            part = quantity % oracle.quantity + 1
            basis = costs.dispose(basis=basis, quantity=part, proceeds=money).after(basis)
            oracle.sell(part, money)
            taken += money

    assert (basis.quantity, basis.cost, basis.profit) == (oracle.quantity, oracle.cost, oracle.profit)
    assert basis.cost + taken - basis.profit == given_cost
    assert basis.quantity or basis.cost == 0
