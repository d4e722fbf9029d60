"""Who may trade: keys, signatures, nonces that rise, the call counter. Nothing is executed for anybody else."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.kraken.trader import Trader, new_nonce
from tests.sandbox.rig import KRAKEN_SPARE_KEY, ROOT, Sandbox, environ

# shared/protocols: computed with a dummy secret.
SECRET = "ZHVtbXkta3Jha2VuLXNlY3JldC1mb3ItdGVzdC12ZWN0b3JzLW9ubHk="
POSTDATA = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
SIGNATURE = "K8bfby9fMKmwFPDZRfL4dNA0rqx/DYnX51EC5jgMZiLROWTXbgE5d08qWaIE8cumxgcpWxXvzzuULWWhh9FYnw=="


def test_the_published_signature_is_taken(tmp_path: Path) -> None:
    sandbox = Sandbox(data=tmp_path / "vector", environ=environ(SANDBOX_KRAKEN_API_KEYS=f"dummy:{SECRET}"))
    sandbox.start()
    headers = {"API-Key": "dummy", "API-Sign": SIGNATURE, "Content-Type": "application/x-www-form-urlencoded"}

    answer = requests.post(f"{sandbox.url}/0/private/AddOrder", data=POSTDATA, headers=headers, timeout=5).json()

    assert answer["error"] == []
    assert answer["result"]["descr"] == {"order": "buy 1.25000000 XBTUSD @ limit 37500.0"}
    again = requests.post(f"{sandbox.url}/0/private/AddOrder", data=POSTDATA, headers=headers, timeout=5).json()
    assert again["error"] == ["EAPI:Invalid nonce"]
    assert sandbox.stop() == 0


def test_a_wrong_key_or_signature_executes_nothing(trader: Trader) -> None:
    orders = len(trader.sandbox.book(provider="kraken", limit="1000"))
    fields = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.1"}

    assert Trader(trader.sandbox, key="nobody").ask("AddOrder", **fields) == {"error": ["EAPI:Invalid key"]}
    wrong = Trader(trader.sandbox, secret="bm90IHRoZSBzZWNyZXQ=")
    assert wrong.ask("AddOrder", **fields) == {"error": ["EAPI:Invalid signature"]}

    assert len(trader.sandbox.book(provider="kraken", limit="1000")) == orders


def test_a_body_that_was_changed_on_the_way_is_refused(trader: Trader) -> None:
    path, body = "/0/private/AddOrder", f"nonce={time.time_ns()}&pair=XBTUSD&type=buy&ordertype=market&volume=0.1"
    headers = {"API-Key": trader.key, "API-Sign": trader.sign(path, body)}

    answer = requests.post(
        trader.sandbox.url + path, data=body.replace("volume=0.1", "volume=9.1"), headers=headers, timeout=5
    )

    assert answer.json() == {"error": ["EAPI:Invalid signature"]}


@pytest.mark.parametrize("nonce", ["", "abc", "-1", "1.5", str(2**64)])
def test_a_nonce_is_a_whole_number_of_64_bits(trader: Trader, nonce: str) -> None:
    assert trader.ask("Balance", nonce=nonce)["error"] == ["EAPI:Invalid nonce"]  # type: ignore[arg-type]


def test_a_nonce_must_rise_and_each_key_counts_for_itself(trader: Trader) -> None:
    other = Trader(trader.sandbox, key=KRAKEN_SPARE_KEY)
    high = new_nonce()
    assert other.ask("Balance", nonce=high)["error"] == []

    assert other.ask("Balance", nonce=high)["error"] == ["EAPI:Invalid nonce"]
    assert other.ask("Balance", nonce=high - 1)["error"] == ["EAPI:Invalid nonce"]
    assert other.ask("Balance", nonce=new_nonce())["error"] == []
    assert trader.ask("Balance")["error"] == []


def test_a_refused_order_uses_its_nonce_up(trader: Trader) -> None:
    other = Trader(trader.sandbox, key=KRAKEN_SPARE_KEY)
    high = new_nonce()
    fields = {"pair": "XBTUSD", "type": "sell", "ordertype": "market", "volume": "100000"}

    assert other.ask("AddOrder", nonce=high, **fields)["error"] == ["EOrder:Insufficient funds"]

    assert other.ask("Balance", nonce=high)["error"] == ["EAPI:Invalid nonce"]


def test_an_order_that_comes_after_a_later_call_is_never_executed(trader: Trader) -> None:
    name, nonce = "late-one", new_nonce()
    trader.sandbox.fault(provider="kraken", operation="order", fault="latency", delay_ms=400, times=1, reference=name)
    fields = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.1", "cl_ord_id": name}
    answers: list[object] = []
    late = threading.Thread(target=lambda: answers.append(trader.ask("AddOrder", nonce=nonce, **fields)))

    late.start()
    time.sleep(0.1)
    trader.private("OpenOrders", cl_ord_id=name)
    late.join()

    assert answers == [{"error": ["EAPI:Invalid nonce"]}]
    assert trader.sandbox.book(provider="kraken", key=name) == []


def test_the_call_counter_stops_who_asks_too_much_but_not_orders(tmp_path: Path) -> None:
    sandbox = Sandbox(data=tmp_path / "limited", environ=environ(SANDBOX_KRAKEN_CALL_LIMIT="5"))
    sandbox.start()
    trader = Trader(sandbox)

    answers = [trader.ask("Balance")["error"] for _ in range(7)]

    assert answers[:5] == [[]] * 5
    assert answers[-1] == ["EAPI:Rate limit exceeded"]
    assert trader.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.1")["error"] == []
    assert sandbox.stop() == 0


def test_a_secret_that_is_none_stops_the_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "1"],
        cwd=ROOT,
        env={"SANDBOX_KRAKEN_API_KEYS": "key:not base64 at all"},
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 2
    assert b"SANDBOX_KRAKEN_API_KEYS" in done.stderr
    assert b"not base64 at all" not in done.stderr
