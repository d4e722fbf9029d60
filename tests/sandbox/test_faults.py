"""Every fault, seen from the client: what the answer is, and what was really executed according to the book."""

from __future__ import annotations

import http.client
import time
from typing import Any

import pytest
import requests

from tests.sandbox.rig import ACCOUNT, INCREASE_KEY, STRIPE_KEY, Sandbox, eventually

FORM = {"amount": "4200", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}
BODY = {
    "account_id": ACCOUNT,
    "amount": 900,
    "statement_descriptor": "fault",
    "account_number": "1",
    "routing_number": "101050001",
}


def charge(sandbox: Sandbox, key: str, *, timeout_s: float = 5, **more: str) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/v1/payment_intents",
        data={**FORM, **more},
        headers={"Authorization": f"Bearer {STRIPE_KEY}", "Idempotency-Key": key},
        timeout=timeout_s,
    )


def pay(sandbox: Sandbox, key: str, *, timeout_s: float = 5, **more: Any) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/ach_transfers",
        json={**BODY, **more},
        headers={"Authorization": f"Bearer {INCREASE_KEY}", "Idempotency-Key": key},
        timeout=timeout_s,
    )


DOORS = [("stripe", "charge", charge), ("increase", "payout", pay)]
each_provider = pytest.mark.parametrize(("provider", "operation", "send"), DOORS, ids=["stripe", "increase"])


@each_provider
def test_latency_before_and_after(sandbox: Sandbox, provider: str, operation: str, send: Any) -> None:
    sandbox.fault(provider=provider, operation=operation, fault="latency", delay_ms=200, times=1)
    started = time.monotonic()
    assert send(sandbox, f"latency-{provider}").status_code == 200
    assert time.monotonic() - started >= 0.2

    sandbox.fault(provider=provider, operation=operation, fault="latency", when="after", delay_ms=600, times=1)
    with pytest.raises(requests.ReadTimeout):
        send(sandbox, f"latency-after-{provider}", timeout_s=0.2)

    assert len(sandbox.book(key=f"latency-after-{provider}")) == 1


@each_provider
@pytest.mark.parametrize("fault", ["timeout_before", "reset_before", "timeout_after", "reset_after"])
def test_no_answer_before_or_after_acting(
    sandbox: Sandbox, provider: str, operation: str, send: Any, fault: str
) -> None:
    key = f"{fault}-{provider}"
    delay = {"delay_ms": 5_000} if fault.startswith("timeout") else {}
    sandbox.fault(provider=provider, operation=operation, fault=fault, times=1, **delay)

    expected = requests.ReadTimeout if fault.startswith("timeout") else requests.ConnectionError
    with pytest.raises(expected):
        send(sandbox, key, timeout_s=0.3)

    assert len(sandbox.book(key=key)) == (1 if fault.endswith("after") else 0)
    again = send(sandbox, key)
    assert again.status_code == 200
    assert again.headers.get("idempotent-replayed") == ("true" if fault.endswith("after") else None)
    assert len(sandbox.book(key=key)) == 1


@each_provider
def test_a_silent_call_ends_by_a_close(sandbox: Sandbox, provider: str, operation: str, send: Any) -> None:
    sandbox.fault(provider=provider, operation=operation, fault="timeout_before", delay_ms=100, times=1)

    with pytest.raises(requests.ConnectionError) as ended:
        send(sandbox, f"silent-{provider}")

    assert isinstance(ended.value.args[0].args[1], http.client.RemoteDisconnected)


@each_provider
def test_an_error_before_is_not_remembered(sandbox: Sandbox, provider: str, operation: str, send: Any) -> None:
    key = f"error-before-{provider}"
    sandbox.fault(provider=provider, operation=operation, fault="error", status=503, times=1)

    assert send(sandbox, key).status_code == 503
    assert sandbox.book(key=key) == []
    assert send(sandbox, key).status_code == 200
    assert len(sandbox.book(key=key)) == 1


def test_stripe_remembers_a_500_whether_it_acted_or_not(sandbox: Sandbox) -> None:
    for when, count in (("during", 0), ("after", 1)):
        key = f"error-{when}"
        sandbox.fault(provider="stripe", operation="charge", fault="error", status=500, when=when, times=1)

        first, second = charge(sandbox, key), charge(sandbox, key)

        assert (first.status_code, second.status_code) == (500, 500)
        assert first.content == second.content
        assert second.headers["idempotent-replayed"] == "true"
        assert first.json()["error"]["type"] == "api_error"
        assert len(sandbox.book(key=key)) == count


def test_increase_finds_the_transfer_after_a_500(sandbox: Sandbox) -> None:
    sandbox.fault(provider="increase", operation="payout", fault="error", status=500, when="after", times=1)

    assert pay(sandbox, "error-after-increase").json()["type"] == "internal_server_error"
    assert len(sandbox.book(key="error-after-increase")) == 1
    found = list(sandbox.increase().ach_transfers.list(idempotency_key="error-after-increase"))
    assert [one.id for one in found] == [pay(sandbox, "error-after-increase").json()["id"]]
    assert len(sandbox.book(key="error-after-increase")) == 1


@each_provider
def test_garbage_comes_with_200(sandbox: Sandbox, provider: str, operation: str, send: Any) -> None:
    key = f"garbage-{provider}"
    sandbox.fault(provider=provider, operation=operation, fault="garbage", times=1)

    answer = send(sandbox, key)

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting value|decode"):
        answer.json()
    assert len(sandbox.book(key=key)) == 1
    assert send(sandbox, key).json()["amount"] in (4_200, 900)


@each_provider
def test_rate_limit_says_when_to_come_back(sandbox: Sandbox, provider: str, operation: str, send: Any) -> None:
    key = f"slow-{provider}"
    sandbox.fault(provider=provider, operation=operation, fault="rate_limit", retry_after_s=7, times=1)

    answer = send(sandbox, key)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert sandbox.book(key=key) == []
    assert send(sandbox, key).status_code == 200


def test_refuse_declines_a_charge_with_its_code(sandbox: Sandbox) -> None:
    sandbox.fault(provider="stripe", operation="charge", fault="refuse", code="insufficient_funds", times=1)

    answer = charge(sandbox, "refuse-stripe")

    assert (answer.status_code, answer.json()["error"]["decline_code"]) == (402, "insufficient_funds")
    assert sandbox.book(key="refuse-stripe") == []


def test_refuse_rejects_a_payout_and_gives_the_money_back(sandbox: Sandbox) -> None:
    before = sandbox.increase().accounts.balance(ACCOUNT).available_balance
    sandbox.fault(provider="increase", operation="payout", fault="refuse", times=1)

    id_ = pay(sandbox, "refuse-increase").json()["id"]

    eventually(lambda: sandbox.increase().ach_transfers.retrieve(id_).status == "rejected")
    assert sandbox.increase().accounts.balance(ACCOUNT).available_balance == before
    assert [row["operation"] for row in sandbox.book(key="refuse-increase")] == ["payout", "payout_rejection"]


def test_wrong_amount_and_currency_are_really_executed(sandbox: Sandbox) -> None:
    sandbox.fault(provider="stripe", operation="charge", fault="wrong_amount", amount_delta=-150, times=1)
    assert charge(sandbox, "wrong-amount").json()["amount_received"] == 4_050
    assert [row["amount"] for row in sandbox.book(key="wrong-amount")] == [4_050]

    sandbox.fault(provider="stripe", operation="charge", fault="wrong_currency", currency="gbp", times=1)
    assert charge(sandbox, "wrong-currency").json()["currency"] == "gbp"
    assert [row["currency"] for row in sandbox.book(key="wrong-currency")] == ["gbp"]

    sandbox.fault(provider="increase", operation="payout", fault="wrong_amount", amount_delta=100, times=1)
    assert pay(sandbox, "wrong-payout").json()["amount"] == 1_000
    assert [row["amount"] for row in sandbox.book(key="wrong-payout")] == [1_000]


def test_never_settles_until_somebody_decides(sandbox: Sandbox) -> None:
    sandbox.fault(provider="*", operation="*", fault="never_settle", times=2)

    intent = charge(sandbox, "never-stripe").json()
    transfer = pay(sandbox, "never-increase").json()
    sandbox.control("POST", "clock", {"advance_seconds": 86_400})

    assert intent["status"] == "processing"
    assert sandbox.stripe().v1.payment_intents.retrieve(intent["id"]).status == "processing"
    assert sandbox.increase().ach_transfers.retrieve(transfer["id"]).status == "pending_submission"
    assert sandbox.book(key="never-stripe") == []
    sandbox.control("POST", "payments", {"payment_intent": intent["id"], "outcome": "succeeded"})
    sandbox.increase().simulations.ach_transfers.submit(transfer["id"])
    assert sandbox.stripe().v1.payment_intents.retrieve(intent["id"]).status == "succeeded"
    assert len(sandbox.book(key="never-stripe")) == 1
    eventually(lambda: sandbox.increase().ach_transfers.retrieve(transfer["id"]).settlement)


def test_return_and_dispute_follow_by_themselves(sandbox: Sandbox) -> None:
    sandbox.fault(provider="increase", operation="payout", fault="return", code="account_closed", times=1)
    sandbox.fault(provider="stripe", operation="charge", fault="dispute", times=1)

    transfer = pay(sandbox, "auto-return").json()
    charge(sandbox, "auto-dispute")

    eventually(lambda: sandbox.increase().ach_transfers.retrieve(transfer["id"]).status == "returned")
    eventually(lambda: len(sandbox.book(key="auto-dispute")) == 2)
    assert [row["operation"] for row in sandbox.book(key="auto-dispute")] == ["charge", "dispute"]


@pytest.mark.parametrize(
    ("amount", "status"),
    [("91101", 402), ("91102", 402), ("91103", 200), ("91106", 503), ("91107", 500), ("91108", 200), ("10000", 200)],
)
def test_magic_amounts_of_stripe(sandbox: Sandbox, amount: str, status: int) -> None:
    answer = charge(sandbox, f"magic-{amount}", amount=amount)

    assert answer.status_code == status
    executed = {"91107": [91_107], "91108": [91_008], "10000": [10_000]}
    assert [row["amount"] for row in sandbox.book(key=f"magic-{amount}")] == executed.get(amount, [])


def test_magic_timeouts_disturb_a_key_once(sandbox: Sandbox) -> None:
    with pytest.raises(requests.ConnectionError):
        charge(sandbox, "magic-reset", amount="91105")
    assert charge(sandbox, "magic-reset", amount="91105").json()["status"] == "succeeded"
    with pytest.raises(requests.ConnectionError):
        pay(sandbox, "magic-reset-payout", amount=92_206)
    assert pay(sandbox, "magic-reset-payout", amount=92_206).json()["amount"] == 92_206
    assert [len(sandbox.book(key=key)) for key in ("magic-reset", "magic-reset-payout")] == [1, 1]


def test_magic_account_numbers_of_increase(sandbox: Sandbox) -> None:
    listed = sandbox.control("GET", "magic")["increase"]
    assert {"account_number": "000000009202", "does": "settles, then returned: no_account (R03)"} in listed

    id_ = pay(sandbox, "magic-number", account_number="000000009202", amount=1_234).json()["id"]

    eventually(lambda: sandbox.increase().ach_transfers.retrieve(id_).status == "returned")


def test_times_skip_and_probability_are_repeatable(sandbox: Sandbox) -> None:
    def run() -> list[int]:
        script = {"fault": "error", "probability": 0.5, "seed": 11, "times": 4, "skip": 2}
        sandbox.fault(provider="stripe", operation="status", **script)
        url, headers = f"{sandbox.url}/v1/charges", {"Authorization": f"Bearer {STRIPE_KEY}"}
        return [requests.get(url, headers=headers, timeout=5).status_code for _ in range(20)]

    first, second = run(), run()

    assert first == second
    assert first[:2] == [200, 200]
    assert first.count(500) == 4
    assert sandbox.control("GET", "faults")["faults"][0]["fired"] == 4


def test_a_script_can_mean_one_amount_key_or_reference(sandbox: Sandbox) -> None:
    sandbox.fault(id="a", provider="stripe", operation="charge", fault="error", amount=777)
    sandbox.fault(id="b", provider="stripe", operation="charge", fault="error", key="only-this")
    sandbox.fault(id="c", provider="stripe", operation="charge", fault="error", reference="txn_hit")

    assert charge(sandbox, "plain").status_code == 200
    assert charge(sandbox, "by-amount", amount="777").status_code == 500
    assert charge(sandbox, "only-this").status_code == 500
    assert charge(sandbox, "by-reference", **{"metadata[transaction]": "txn_hit"}).status_code == 500
    removed = sandbox.control("DELETE", "faults", id="a")
    assert (removed["removed"], [one["id"] for one in removed["faults"]]) == (1, ["b", "c"])
    assert charge(sandbox, "by-amount", amount="777").status_code == 200


@pytest.mark.parametrize(
    ("script", "field"),
    [
        ({}, "provider"),
        ({"provider": "stripe"}, "operation"),
        ({"provider": "paypal", "operation": "charge", "fault": "error"}, "provider"),
        ({"provider": "stripe", "operation": "fly", "fault": "error"}, "operation"),
        ({"provider": "stripe", "operation": "charge", "fault": "explode"}, "fault"),
        ({"provider": "stripe", "operation": "charge", "fault": "error", "times": 0}, "times"),
        ({"provider": "stripe", "operation": "charge", "fault": "error", "times": True}, "times"),
        ({"provider": "stripe", "operation": "charge", "fault": "error", "probability": 1.1}, "probability"),
        ({"provider": "stripe", "operation": "charge", "fault": "error", "status": 200}, "status"),
        ({"provider": "stripe", "operation": "charge", "fault": "refuse", "status": 500}, "status"),
        ({"provider": "stripe", "operation": "charge", "fault": "latency", "delay_ms": -1}, "delay_ms"),
        ({"provider": "stripe", "operation": "charge", "fault": "error", "colour": "red"}, "colour"),
        ({"provider": "stripe", "operation": "webhook", "fault": "error"}, "operation"),
        ({"provider": "stripe", "operation": "status", "fault": "refuse"}, "operation"),
        ({"provider": "stripe", "operation": "charge", "fault": "return"}, "provider"),
        ({"provider": "increase", "operation": "payout", "fault": "dispute"}, "provider"),
        ({"provider": "stripe", "operation": "charge", "fault": "garbage", "when": "during"}, "when"),
        ({"provider": [], "operation": {}, "fault": 1}, "provider"),
    ],
)
def test_a_bad_script_is_refused_by_field_and_not_set(sandbox: Sandbox, script: dict[str, Any], field: str) -> None:
    good = {"provider": "stripe", "operation": "charge", "fault": "error"}

    answer = requests.put(f"{sandbox.url}/_control/faults", json={"faults": [good, script]}, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field
    assert answer.json()["error"]["message"]
    assert sandbox.control("GET", "faults") == {"faults": []}
