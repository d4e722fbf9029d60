"""Bad luck on the real contracts: stuck, out of gas, gone after it was final. It ends once, undone, or is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.chains import operations, watch
from core.chains.models import OperationState
from core.chains.sending import estimates
from core.orchestration.models import DeadLetter
from tests.chain.handle import Chain
from tests.core.chains.acts import older, quiet
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.chain import travel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]


def _view(transaction_id: object, leg: str) -> operations.OperationView:
    (attempt,) = [each for each in engine.attempts(transaction_id) if each.leg == leg]
    found = operations.status(key=attempt.key)
    assert found is not None
    return found


def _scaled(chain: Chain, owner: world.CustomerView) -> int:
    return int(chain.ask("AUSDC:ethereum", "scaledBalanceOf(address)", travel.address(owner)))


def _sent(chain: Chain, transaction_id: object, leg: str) -> None:
    """Work until a leg is sent, and leave it in the mempool; the caller holds the blocks."""
    for _ in range(travel.ROUNDS):
        world.again(transaction_id)
        if engine.attempts(transaction_id)[-1].leg == leg:
            return
        chain.mine()
        watch.tick(chain="ethereum")
    raise AssertionError(f"{leg} was never sent")


def test_a_supply_that_is_stuck_is_paid_more_for_and_happens_once(ethereum: Chain) -> None:
    ana = world.customer()
    made = world.start(ana, "500")
    with ethereum.held():
        _sent(ethereum, made, "supply")
        older(timedelta(minutes=2))
        assert watch.tick(chain="ethereum").attended.replaced == 1
        ethereum.mine()
    travel.settle(ethereum, made)

    assert engine.see(made).state == "YIELD_STRATEGY_ACTIVE"
    view = _view(made, "supply")
    assert [len(step.hashes) for step in view.steps] == [2, 1]
    assert world.position(ana).units == _scaled(ethereum, ana) > 0
    # Both forms were under one nonce: one of them was mined, and nothing of the other is left.
    assert ethereum.balance_of("USDC:ethereum", travel.address(ana)) == 0


def test_a_supply_that_runs_out_of_gas_is_undone_and_costs_only_us(
    ethereum: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world.customer()
    made = world.start(ana, "500")
    travel.until(ethereum, made, state="PROVIDER_PROCESSING")
    # What the dry run says is too little by the time it is mined: a reserve that was touched meanwhile, for example.
    monkeypatch.setattr(estimates, "_limit", lambda placed, used: used - 40_000 * (placed.step.label == "supply"))
    with ethereum.held():
        _sent(ethereum, made, "supply")
    monkeypatch.undo()
    travel.settle(ethereum, made)

    txn = engine.see(made)
    view = _view(made, "supply")
    assert (view.state, view.steps[-1].succeeded) == (OperationState.REVERTED, False)
    assert (txn.state, txn.reason) == ("COMPENSATED", "out_of_gas")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert (ethereum.balance_of("USDC:ethereum", travel.address(ana)), _scaled(ethereum, ana)) == (0, 0)
    assert world.system()["cost:network ETH:ethereum"] <= -view.cost.units < 0


def test_a_strategy_that_vanishes_after_it_was_final_is_sent_again_and_a_person_is_told(ethereum: Chain) -> None:
    ana = world.customer()
    made = world.start(ana, "500")
    travel.settle(ethereum, made)
    before = (world.figures(ana), world.system(), world.position(ana).units)

    ethereum.reorg(8)
    watch.tick(chain="ethereum")
    assert _view(made, "supply").state is OperationState.PENDING
    travel.follow(ethereum)
    quiet(ethereum)
    travel.follow(ethereum)
    world.work()

    assert _view(made, "supply").state is OperationState.FINAL
    assert engine.see(made).state == "YIELD_STRATEGY_ACTIVE"
    assert [letter.error for letter in DeadLetter.objects.all()] == ["vanished_after_completion"]
    # The books did not move, and the chain is again what they say.
    assert (world.figures(ana), world.system()) == before[:2]
    assert ethereum.balance_of("USDC:ethereum", travel.address(ana)) == 0
    assert abs(_scaled(ethereum, ana) - before[2]) <= 1
