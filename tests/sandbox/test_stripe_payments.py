"""Stripe's payment intents, with the official SDK as the client."""

from __future__ import annotations

import typing
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import stripe
from stripe import _balance_transaction, _charge, _dispute, _payment_intent

from tests.sandbox.rig import STRIPE_KEY, Sandbox, eventually


def charge(sandbox: Sandbox, *, key: str, amount: int = 10_000, card: str = "pm_card_visa") -> stripe.PaymentIntent:
    return sandbox.stripe().v1.payment_intents.create(
        params={
            "amount": amount,
            "currency": "usd",
            "payment_method": card,
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"reference": f"ref {key}"},
            "expand": ["latest_charge.balance_transaction"],
        },
        options={"idempotency_key": key},
    )


def test_a_card_is_charged_and_the_fee_is_shown(sandbox: Sandbox) -> None:
    intent = charge(sandbox, key="pay-1")

    assert (intent.status, intent.amount, intent.amount_received, intent.currency) == (
        "succeeded",
        10_000,
        10_000,
        "usd",
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.paid, intent.latest_charge.captured) == (True, True)
    entry = intent.latest_charge.balance_transaction
    assert isinstance(entry, stripe.BalanceTransaction)
    assert (entry.amount, entry.fee, entry.net, entry.status, entry.type) == (10_000, 320, 9_680, "pending", "charge")
    (row,) = sandbox.book(key="pay-1")
    assert {name: row[name] for name in ("provider", "operation", "object_id", "amount", "fee", "direction")} == {
        "provider": "stripe",
        "operation": "charge",
        "object_id": intent.id,
        "amount": 10_000,
        "fee": 320,
        "direction": "in",
    }
    assert row["reference"] == "ref pay-1"
    assert sandbox.book(reference="ref pay-1") == [row]


@pytest.mark.parametrize(("amount", "fee"), [(50, 31), (1_000, 59), (1_017, 59), (1_018, 60), (99_999_999, 2_900_030)])
def test_the_fee_is_rounded_half_up(sandbox: Sandbox, amount: int, fee: int) -> None:
    intent = charge(sandbox, key=f"fee-{amount}", amount=amount)

    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert intent.latest_charge.balance_transaction.fee == fee


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_declined_card_is_a_card_error_and_takes_nothing(
    sandbox: Sandbox, card: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        charge(sandbox, key=f"decline-{card}", card=card)

    assert refused.value.http_status == 402
    assert refused.value.code == code
    assert refused.value.error.decline_code == decline_code
    intent = refused.value.error.payment_intent
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.decline_code == decline_code
    assert sandbox.book(key=f"decline-{card}") == []


def test_a_decline_is_replayed_and_another_method_can_follow(sandbox: Sandbox) -> None:
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            charge(sandbox, key="decline-then", card="pm_card_chargeDeclined")
    intent = refused.value.error.payment_intent

    paid = sandbox.stripe().v1.payment_intents.confirm(intent.id, params={"payment_method": "pm_card_visa"})

    assert paid.status == "succeeded"
    assert paid.latest_charge != intent.latest_charge
    assert [row["amount"] for row in sandbox.book(object_id=intent.id)] == [10_000]


def test_three_d_secure_waits_for_the_customer(sandbox: Sandbox) -> None:
    intent = charge(sandbox, key="3ds-1", card="pm_card_threeDSecure2Required")

    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.type == "redirect_to_url"
    assert intent.next_action.redirect_to_url is not None
    url = str(intent.next_action.redirect_to_url.url)
    assert sandbox.book(key="3ds-1") == []
    assert "Pretend bank" in requests.get(url, timeout=5).text
    assert (
        requests.post(
            url.replace("client_secret=", "client_secret=x"), data={"outcome": "success"}, timeout=5
        ).status_code
        == 404
    )
    assert sandbox.book(key="3ds-1") == []

    assert requests.post(url, data={"outcome": "success"}, timeout=5).json()["status"] == "succeeded"
    assert requests.post(url, data={"outcome": "success"}, timeout=5).json()["status"] == "succeeded"

    assert sandbox.stripe().v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert len(sandbox.book(key="3ds-1")) == 1


def test_three_d_secure_refused_goes_back_to_the_shop(sandbox: Sandbox) -> None:
    intent = sandbox.stripe().v1.payment_intents.create(
        params={
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_threeDSecure2Required",
            "confirm": True,
            "return_url": "https://shop.example/back?order=1",
        }
    )
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None

    answer = requests.get(f"{intent.next_action.redirect_to_url.url}&outcome=failure", timeout=5, allow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://shop.example/back?order=1&payment_intent=pi_")
    after = sandbox.stripe().v1.payment_intents.retrieve(intent.id)
    assert after.status == "requires_payment_method"
    assert after.last_payment_error is not None
    assert after.last_payment_error.code == "payment_intent_authentication_failure"
    assert sandbox.book(object_id=intent.id) == []


def test_create_confirm_capture_step_by_step(sandbox: Sandbox) -> None:
    client = sandbox.stripe().v1.payment_intents
    intent = client.create(params={"amount": 5_000, "currency": "usd", "capture_method": "manual"})
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.confirm(intent.id)

    held = client.confirm(intent.id, params={"payment_method": "pm_card_visa"})
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 5_000, 0)
    assert sandbox.book(object_id=intent.id) == []
    with pytest.raises(stripe.InvalidRequestError):
        client.capture(intent.id, params={"amount_to_capture": 5_001})
    taken = client.capture(intent.id, params={"amount_to_capture": 3_000})

    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 3_000, 0)
    assert [row["amount"] for row in sandbox.book(object_id=intent.id)] == [3_000]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.cancel(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_canceled_intent_stays_canceled(sandbox: Sandbox) -> None:
    client = sandbox.stripe().v1.payment_intents
    intent = client.create(params={"amount": 5_000, "currency": "usd", "payment_method": "pm_card_visa"})

    gone = client.cancel(intent.id, params={"cancellation_reason": "requested_by_customer"})

    assert (gone.status, gone.cancellation_reason) == ("canceled", "requested_by_customer")
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        client.confirm(intent.id)
    assert sandbox.book(object_id=intent.id) == []


@pytest.mark.parametrize(
    ("token", "status"),
    [("pm_usBankAccount_success", "succeeded"), ("pm_usBankAccount_noAccount", "requires_payment_method")],
)
def test_a_bank_debit_takes_its_time(sandbox: Sandbox, token: str, status: str) -> None:
    client = sandbox.stripe().v1.payment_intents
    intent = client.create(
        params={
            "amount": 100_000,
            "currency": "usd",
            "payment_method": token,
            "payment_method_types": ["us_bank_account"],
            "confirm": True,
        }
    )
    assert intent.status == "processing"

    eventually(lambda: client.retrieve(intent.id).status == status)

    expected = [(100_000, 500)] if status == "succeeded" else []
    assert [(row["amount"], row["fee"]) for row in sandbox.book(object_id=intent.id)] == expected


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"amount": "ten"}, "amount", "parameter_invalid_integer"),
        ({"amount": "10.5"}, "amount", "parameter_invalid_integer"),
        ({"amount": "-5"}, "amount", "parameter_invalid_integer"),
        ({"amount": "49"}, "amount", "amount_too_small"),
        ({"amount": "100000000"}, "amount", "amount_too_large"),
        ({"currency": "doge"}, "currency", None),
        ({"payment_method": "pm_nobody"}, "payment_method", "resource_missing"),
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"metadata": "flat"}, "metadata", None),
        ({"customer": "cus_nobody"}, "customer", "resource_missing"),
    ],
)
def test_bad_parameters_are_named_and_leave_nothing(
    sandbox: Sandbox, change: dict[str, str], param: str, code: str | None
) -> None:
    form = {"amount": "1000", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true", **change}

    answer = sandbox.post_form("/v1/payment_intents", form, key=f"bad-{param}-{change[param]}")

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["param"], error.get("code")) == ("invalid_request_error", param, code)
    assert answer.headers["request-id"].startswith("req_")
    good = sandbox.post_form(
        "/v1/payment_intents", {"amount": "1000", "currency": "usd"}, key=f"bad-{param}-{change[param]}"
    )
    assert good.status_code == 200, "a refusal before execution must not use up the key"


def test_a_wrong_key_is_401_and_an_unknown_path_404(sandbox: Sandbox) -> None:
    bad = stripe.StripeClient("sk_test_wrong", base_addresses={"api": sandbox.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        bad.v1.balance.retrieve()
    assert requests.get(f"{sandbox.url}/v1/balance", timeout=5).status_code == 401
    assert requests.get(f"{sandbox.url}/v1/balance", auth=(STRIPE_KEY, ""), timeout=5).status_code == 200

    with pytest.raises(stripe.InvalidRequestError) as missing:
        sandbox.stripe().v1.payment_intents.retrieve("pi_nobody")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    unknown = requests.get(f"{sandbox.url}/v1/unicorns", auth=(STRIPE_KEY, ""), timeout=5)
    assert (unknown.status_code, unknown.json()["error"]["type"]) == (404, "invalid_request_error")


def test_the_same_key_is_executed_once_and_replayed(sandbox: Sandbox) -> None:
    form = {"amount": "2500", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}

    first = sandbox.post_form("/v1/payment_intents", form, key="once")
    second = sandbox.post_form("/v1/payment_intents", form, key="once")
    other = sandbox.post_form("/v1/payment_intents", {**form, "amount": "2600"}, key="once")

    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert len(sandbox.book(key="once")) == 1


def test_one_key_from_many_clients_at_once_charges_once(sandbox: Sandbox) -> None:
    form = {"amount": "2500", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}
    sandbox.fault(provider="stripe", operation="charge", fault="latency", delay_ms=200, key="crowd")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: sandbox.post_form("/v1/payment_intents", form, key="crowd"), range(16)))

    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 409}
    assert statuses.count(200) >= 1
    assert statuses.count(409) >= 1
    conflict = next(answer.json()["error"] for answer in answers if answer.status_code == 409)
    assert (conflict["type"], conflict["code"]) == ("idempotency_error", "idempotency_key_in_use")
    assert len(sandbox.book(key="crowd")) == 1


def test_lists_are_paged_both_ways(sandbox: Sandbox) -> None:
    client = sandbox.stripe().v1.payment_intents
    customer = sandbox.stripe().v1.customers.create(params={"email": "ada@example.com"})
    made = [client.create(params={"amount": 100 + n, "currency": "usd", "customer": customer.id}).id for n in range(5)]
    newest_first = made[::-1]

    first = client.list(params={"customer": customer.id, "limit": 2})
    rest = client.list(params={"customer": customer.id, "limit": 10, "starting_after": first.data[-1].id})
    back = client.list(params={"customer": customer.id, "limit": 2, "ending_before": newest_first[4]})
    walked = [one.id for one in client.list(params={"customer": customer.id, "limit": 2}).auto_paging_iter()]

    assert ([one.id for one in first.data], first.has_more) == (newest_first[:2], True)
    assert ([one.id for one in rest.data], rest.has_more) == (newest_first[2:], False)
    assert ([one.id for one in back.data], back.has_more) == (newest_first[2:4], True)
    assert walked == newest_first


def test_an_intent_is_found_by_its_metadata(sandbox: Sandbox) -> None:
    client = sandbox.stripe().v1.payment_intents
    sandbox.fault(provider="stripe", operation="charge", fault="error", status=500, when="after", times=1)
    lost = sandbox.post_form(
        "/v1/payment_intents",
        {
            "amount": "2500",
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": "true",
            "metadata[key]": "it's:k",
        },
        key="search",
    )
    assert lost.status_code == 500

    def search(query: str) -> list[str]:
        return [one.id for one in client.search(params={"query": query, "limit": 2}).data]

    found = search(r"metadata['key']:'it\'s:k'")
    assert [row["object_id"] for row in sandbox.book(key="search")] == found
    assert search(r'metadata["key"]:"it\'s:k" AND status:"succeeded" AND amount:2500') == found
    assert search(r"metadata['key']:'it\'s:k' AND status:'canceled'") == []
    assert search("metadata['key']:'nobody'") == []
    for bad in ("", "status:'succeeded'", "metadata['key']", "metadata['key']:'a' OR status:'b'", "colour:'red'"):
        with pytest.raises(stripe.InvalidRequestError):
            search(bad)


def test_what_was_charged_becomes_available_after_two_days(sandbox: Sandbox) -> None:
    client = sandbox.stripe().v1

    def available() -> int:
        return next(one.amount for one in client.balance.retrieve().available if one.currency == "usd")

    intent = charge(sandbox, key="available", amount=100_000)
    assert isinstance(intent.latest_charge, stripe.Charge)
    entry_id = intent.latest_charge.balance_transaction.id  # type: ignore[union-attr] # expanded
    before = available()
    pending = next(one.amount for one in client.balance.retrieve().pending if one.currency == "usd")
    assert pending >= 97_070

    sandbox.control("POST", "clock", {"advance_seconds": 2 * 86_400 + 1})

    assert client.balance_transactions.retrieve(entry_id).status == "available"
    assert available() == before + pending


@pytest.mark.parametrize(
    ("of", "shown_by"),
    [
        (_payment_intent.PaymentIntent, "intent"),
        (_charge.Charge, "charge"),
        (_balance_transaction.BalanceTransaction, "entry"),
        (_dispute.Dispute, "dispute"),
    ],
)
def test_objects_have_the_fields_that_the_sdk_declares(sandbox: Sandbox, of: type, shown_by: str) -> None:
    intent = charge(sandbox, key=f"fields-{shown_by}").to_dict()
    paid = intent["latest_charge"]
    shown = {"intent": intent, "charge": paid, "entry": paid["balance_transaction"]}
    if shown_by == "dispute":
        shown["dispute"] = sandbox.control("POST", "disputes", {"charge": paid["id"]})

    declared = {
        name for name, kind in of.__annotations__.items() if name.islower() and type(None) not in typing.get_args(kind)
    }

    assert declared <= set(shown[shown_by])
