"""SIGKILL of the exchange: what was answered is there, open orders are in the book, balances are exact."""

from __future__ import annotations

import pytest

from tests.sandbox.kraken.trader import Trader
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.timeout(60)


def test_after_a_kill_everything_goes_on_where_it_was(own_sandbox: Sandbox) -> None:
    own_sandbox.start()
    trader = Trader(own_sandbox)
    trader.set_price("XBTUSD", "100000.0")
    first, second = trader.order("buy", "0.1", "99000.0"), trader.order("buy", "0.1", "99000.0")
    done = trader.look(trader.order("buy", "0.2"))
    balances = trader.private("BalanceEx")
    prices = own_sandbox.control("GET", "kraken")["markets"]

    own_sandbox.kill()
    own_sandbox.start()

    assert trader.private("BalanceEx") == balances
    after = own_sandbox.control("GET", "kraken")["markets"]
    assert {pair: (seen["price"], seen["last"]) for pair, seen in after.items()} == {
        pair: (seen["price"], seen["last"]) for pair, seen in prices.items()
    }
    assert next(iter(trader.private("ClosedOrders")["closed"].values()))["cost"] == done["cost"]
    assert list(trader.private("OpenOrders")["open"]) == [second, first]
    # They kept their places: the first is filled whole, the second in part.
    own_sandbox.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 1, "size": 14_700, "spread": 1})
    trader.set_price("XBTUSD", "98000.0")
    assert (trader.look(first)["vol_exec"], trader.look(second)["vol_exec"]) == ("0.10000000", "0.05005000")


def test_a_nonce_is_remembered_over_a_kill(own_sandbox: Sandbox) -> None:
    own_sandbox.start()
    trader = Trader(own_sandbox)
    assert trader.ask("Balance", nonce=2**63 + 5)["error"] == []

    own_sandbox.kill()
    own_sandbox.start()

    assert trader.ask("Balance", nonce=2**63 + 5)["error"] == ["EAPI:Invalid nonce"]
    assert trader.ask("Balance", nonce=2**63 + 6)["error"] == []
